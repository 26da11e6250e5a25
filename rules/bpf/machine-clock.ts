import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R3, R8, R9, type Register } from './instruction.ts';
import { helpers, type MachineOptions } from './machine-frame.ts';
import { fieldOf } from './machine-read.ts';
import type { ClockField } from './record.ts';

export const clockFields: readonly ClockField[] = ['seconds', 'daySeconds', 'weekday', 'monthday', 'monthdayBefore'];

const SECOND = 1_000_000_000;
const DAY = 24 * 60 * 60;

/**
 * ktime_get_real_seconds, which no helper tells: atomic time, less what it is ahead of the time of day. That the kernel
 * keeps for timers, with each processor (struct hrtimer_cpu_base), and it changes there when somebody sets the clocks and
 * at leap seconds (kernel/time/hrtimer.c, hrtimer_update_base). A timer that every task has leads there. Numbers
 * of 32 bits, as the dates of rules are: until 2106.
 */
export function clock(code: Assembler, options: MachineOptions): void {
  const { fields, offsets } = options;
  if (!clockFields.some((field) => fields.has(field))) return;
  const { ofTask, ofProcessor, realTime, atomicTime } = offsets.clocks;
  const put = (name: ClockField, register: Register) => {
    if (fields.has(name)) code.store(4, FP, fieldOf(options, name), { register });
  };
  code.call(helpers.currentTask).load(8, R1, R0, ofTask).branch(R1, '==', 0, 'drop').load(8, R1, R1, ofProcessor);
  code.load(8, R8, R1, realTime).load(8, R9, R1, atomicTime).alu('sub', R8, { register: R9 });
  code.call(helpers.atomicTime).alu('add', R8, { register: R0 }).alu('div', R8, SECOND);
  put('seconds', R8);
  code.alu32('mov', R8, { register: R8 }).move(R9, R8).alu('mod', R9, DAY);
  put('daySeconds', R9);
  code.alu('div', R8, DAY);
  if (fields.has('weekday')) {
    // the first one was a Thursday
    code.move(R1, R8).alu('add', R1, 3).alu('mod', R1, 7).alu('add', R1, 1);
    bit(code, R1);
    put('weekday', R1);
  }
  for (const [name, before] of [
    ['monthday', 0],
    ['monthdayBefore', 1],
  ] as const) {
    if (!fields.has(name)) continue;
    code.move(R1, R8).alu('sub', R1, before);
    dayOfMonth(code);
    bit(code, R1);
    put(name, R1);
  }
}

/** `which` becomes 1 << itself; r2 is lost. */
function bit(code: Assembler, which: Register): void {
  code.move(R2, { value: 1 }).alu('lsh', R2, { register: which }).move(which, R2);
}

/**
 * r1, days since 1970, becomes the day of its month; r2 and r3 are lost. Years begin in March, so that leap days come
 * last: in each 400 years there are as many days, and months have their lengths by fives (Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", civil_from_days). ip_tables' own tables end with 2039.
 */
export function dayOfMonth(code: Assembler): void {
  const [toMarch, ofEra, ofCentury, ofFourYears, ofYear] = [719_468, 146_097, 36_524, 1460, 365];
  const part = (of: Register, divisor: number) => code.move(R3, of).alu('div', R3, divisor);
  code.alu('add', R1, toMarch).alu('mod', R1, ofEra);
  // r2: the year
  code.move(R2, R1);
  part(R1, ofFourYears).alu('sub', R2, { register: R3 });
  part(R1, ofCentury).alu('add', R2, { register: R3 });
  part(R1, ofEra - 1).alu('sub', R2, { register: R3 });
  code.alu('div', R2, ofYear);
  // r1: the day of the year
  code.move(R3, R2).alu('mul', R3, ofYear).alu('sub', R1, { register: R3 });
  part(R2, 4).alu('sub', R1, { register: R3 });
  part(R2, 100).alu('add', R1, { register: R3 });
  // r2: the month, then the days before it
  code.move(R2, R1).alu('mul', R2, 5).alu('add', R2, 2).alu('div', R2, 153);
  code.alu('mul', R2, 153).alu('add', R2, 2).alu('div', R2, 5);
  code.alu('sub', R1, { register: R2 }).alu('add', R1, 1);
}
