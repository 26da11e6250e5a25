import type { Assembler } from './assembler.ts';
import { COMMON_BITS, classicOperations, EQUAL, GREATER, NOT_LESS, OF_X } from './classic-instruction.ts';
import { FROM_FIELD, TO_X } from './classic-program.ts';
import { type Condition, FP, R0, R1, R2, R3, R4, R5 } from './instruction.ts';
import { frame, helpers, type MachineOptions } from './machine-frame.ts';
import { fieldOf, follow, record } from './machine-read.ts';
import { type ClassicAction, MEMORY_PLACES, memoryFields, recordOffsets } from './record.ts';

/** enum bpf_hdr_start_off (linux/bpf.h). */
const START_MAC = 0;
/** skb_mac_header_was_set. */
const NO_MAC_HEADER = 0xffff;
/** SKF_NET_OFF, SKF_LL_OFF as u32 (linux/filter.h). */
const [NETWORK, LINK] = [0xfff0_0000n, 0xffe0_0000n];
const MOST_BYTES = 4;

type Maker = (code: Assembler, options: MachineOptions) => void;

/** Instructions of classic programs, in which A and X are fields, and so is memory (bpf_convert_filter, net/core/filter.c). */
export const classicLooks: Readonly<Record<ClassicAction, Maker>> = {
  classicLoad(code, options) {
    code.load(4, R2, R3, recordOffsets.first);
    load(code, options, 'classic-load');
  },
  classicIndirect(code, options) {
    code.load(4, R2, R3, recordOffsets.first).load(4, R1, FP, fieldOf(options, 'registerX'));
    code.alu32('add', R2, { register: R1 }).branch(R2, '<=', 0x7fffffff, 'indirect-packet');
    code.constant(R1, LINK).branch(R2, '<', { register: R1 }, 'false').move(R4, R2).alu32('sub', R4, { register: R1 });
    code.constant(R1, NETWORK).branch(R2, '<', { register: R1 }, 'indirect-link').alu32('sub', R2, { register: R1 });
    code.label('indirect-packet');
    load(code, options, 'indirect');
    code.label('indirect-link').move(R2, R4);
    link(code, options, 'indirect-link');
  },
  classicLink(code, options) {
    code.load(4, R2, R3, recordOffsets.first);
    link(code, options, 'classic-link');
  },
  classicTake(code, options) {
    code.load(4, R1, R3, recordOffsets.first).load(4, R2, R3, recordOffsets.second);
    code.move(R4, R2).alu('and', R4, FROM_FIELD).branch(R4, '==', 0, 'take-this');
    code.load(4, R1, R3, recordOffsets.subject).alu('and', R1, 0x7c).alu('add', R1, { register: FP });
    code.load(4, R1, R1, frame.fields).label('take-this').alu('and', R2, TO_X).branch(R2, '!=', 0, 'take-x');
    code.store(4, FP, fieldOf(options, 'registerA'), { register: R1 }).jump('true');
    code.label('take-x').store(4, FP, fieldOf(options, 'registerX'), { register: R1 }).jump('true');
  },
  classicPut(code, options) {
    code.load(4, R4, R3, recordOffsets.first).load(4, R2, R3, recordOffsets.second);
    code.load(4, R1, FP, fieldOf(options, 'registerX')).branch(R2, '!=', 0, 'put-x');
    code.load(4, R1, FP, fieldOf(options, 'registerA')).label('put-x');
    for (let place = 0; place < MEMORY_PLACES; place += 1) {
      const field = memoryFields[place];
      if (field === undefined || !options.fields.has(field)) continue;
      code.branch(R4, '!=', place, `put-not-${place}`);
      code.store(4, FP, fieldOf(options, field), { register: R1 }).jump('true').label(`put-not-${place}`);
    }
    code.jump('drop');
  },
  classicMath,
  classicCompare(code, options) {
    code.load(4, R1, FP, fieldOf(options, 'registerA')).load(4, R2, FP, fieldOf(options, 'registerX'));
    code.load(4, R4, R3, recordOffsets.first);
    const conditions: readonly (readonly [number, Condition])[] = [
      [EQUAL, '=='],
      [GREATER, '>'],
      [NOT_LESS, '>='],
      [COMMON_BITS, '&'],
    ];
    for (const [kind, condition] of conditions) {
      code.branch(R4, '!=', kind, `compare-not-${kind}`).branch(R1, condition, { register: R2 }, 'true');
      code.jump('false').label(`compare-not-${kind}`);
    }
    code.jump('drop');
  },
  classicRandom(code, options) {
    code.call(helpers.random).store(4, FP, fieldOf(options, 'registerA'), { register: R0 });
    record(code).jump('true');
  },
};

/** 32 bits, as the kernel makes of them: shifts by the lowest five bits, 0 for a division by 0. */
function classicMath(code: Assembler, options: MachineOptions): void {
  const to = fieldOf(options, 'registerA');
  code.load(4, R1, FP, to).load(4, R2, R3, recordOffsets.first).load(4, R4, R3, recordOffsets.second);
  code.move(R5, R4).alu('and', R5, OF_X).branch(R5, '==', 0, 'math-this');
  code.load(4, R2, FP, fieldOf(options, 'registerX')).label('math-this').alu('and', R4, 0xf0);
  for (const [name, number] of Object.entries(classicOperations)) {
    const operation = name as keyof typeof classicOperations;
    code.branch(R4, '!=', number, `math-not-${name}`);
    switch (operation) {
      case 'neg':
        code.move(R2, R1).move(R1, { value: 0 }).alu32('sub', R1, { register: R2 });
        break;
      case 'div':
      case 'mod':
        code.branch(R2, '==', 0, 'false').alu32(operation, R1, { register: R2 });
        break;
      case 'lsh':
      case 'rsh':
        code.alu('and', R2, 31).alu32(operation, R1, { register: R2 });
        break;
      default:
        code.alu32(operation, R1, { register: R2 });
    }
    code.jump('math-done').label(`math-not-${name}`);
  }
  code.jump('drop').label('math-done').store(4, FP, to, { register: R1 }).jump('true');
}

/** r2: where in the packet. False where that isn't there. */
function load(code: Assembler, options: MachineOptions, name: string): void {
  sized(code);
  code.load(8, R1, FP, frame.context).move(R3, FP).alu('add', R3, frame.scratch).call(helpers.skbLoadBytes);
  keep(code, options, name);
}

/** r4: how many bytes. */
function sized(code: Assembler): Assembler {
  return code.load(4, R4, R3, recordOffsets.credit).branch(R4, '==', 0, 'drop').branch(R4, '>', MOST_BYTES, 'drop');
}

/** r0: whether bytes were read into `scratch`; the number that they are is kept. */
function keep(code: Assembler, options: MachineOptions, name: string): void {
  record(code).branch(R0, '!=', 0, 'false');
  code.load(4, R2, R3, recordOffsets.credit).alu('lsh', R2, 3).move(R4, { value: 32 }).alu('sub', R4, { register: R2 });
  code.alu('and', R4, 31).load(4, R1, FP, frame.scratch).swap(R1, 32).alu('rsh', R1, { register: R4 });
  code.load(4, R2, R3, recordOffsets.second).branch(R2, '!=', 0, `${name}-header`);
  code.store(4, FP, fieldOf(options, 'registerA'), { register: R1 }).jump('true');
  code.label(`${name}-header`).alu('and', R1, 15).alu('lsh', R1, 2);
  code.store(4, FP, fieldOf(options, 'registerX'), { register: R1 }).jump('true');
}

/** r2: where behind the link layer's header, which begins before what is the packet here, or isn't there. */
function link(code: Assembler, options: MachineOptions, name: string): void {
  const { skb } = options.offsets;
  const [header, offset] = [frame.key + 2, frame.key + 4];
  const ofPacket = (member: number) => follow(code.load(8, R1, FP, frame.context), member);
  code.store(4, FP, offset, { register: R2 });
  ofPacket(skb.macHeader).alu('and', R1, 0xffff).store(2, FP, header, { register: R1 });
  record(code).branch(R1, '==', NO_MAC_HEADER, 'false');
  ofPacket(skb.head).store(8, FP, frame.key + 16, { register: R1 });
  ofPacket(skb.data)
    .load(8, R2, FP, frame.key + 16)
    .alu('sub', R1, { register: R2 });
  record(code).load(2, R2, FP, header).alu('sub', R2, { register: R1 }).load(4, R1, FP, offset);
  code.alu('add', R2, { register: R1 }).branch(R2, 's<', 0, `${name}-before`);
  load(code, options, name);
  code.label(`${name}-before`).move(R2, R1);
  sized(code);
  code.load(8, R1, FP, frame.context).move(R3, FP).alu('add', R3, frame.scratch).move(R5, { value: START_MAC });
  code.call(helpers.skbLoadBytesRelative);
  keep(code, options, `${name}-before`);
}
