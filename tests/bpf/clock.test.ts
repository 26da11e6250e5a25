import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Assembler } from '../../rules/bpf/assembler.ts';
import { assemble } from '../../rules/bpf/encode.ts';
import { R0, R1 } from '../../rules/bpf/instruction.ts';
import { dayOfMonth } from '../../rules/bpf/machine-clock.ts';
import type { MatchUse } from '../../rules/ir.ts';
import { match, rule } from '../../rules/nft/testing/rules.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from '../../sys/bpf/program.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from '../../sys/bpf/testing/test-run.ts';
import { titled } from '../harness/ways.ts';
import { ip } from '../packets/packet.ts';
import { udp } from '../packets/transport.ts';
import { bpfMissing, LoadedTable } from './loaded.ts';
import { outputOf, scriptReason } from './served-script.ts';
import { makeTable } from './tables.ts';

const DAY = 86_400;
const INPUT = 1;
const anyTime = { date_start: 0, date_stop: 0xffffffff, daytime_start: 0, daytime_stop: DAY - 1 };
const anyDay = { monthdays_match: 0xfffffffe, weekdays_match: 0xfe, flags: 0 };
const CONTIGUOUS = 2;

function time(info: object): MatchUse {
  return match('time', 0, { ...anyTime, ...anyDay, ...info });
}

/** struct __sk_buff (linux/bpf.h). */
const MARK = 8;

describe.skipIf(bpfMissing !== undefined)(`the time of day (${bpfMissing ?? 'here'})`, () => {
  it('the day of the month, of each day until 2106', () => {
    const code = new Assembler().load(4, R1, R1, MARK);
    dayOfMonth(code);
    code.move(R0, R1).exit();
    const instructions = assemble(code.instructions, { maps: {} });
    const program = loadProgram({ type: BPF_PROG_TYPE_SOCKET_FILTER, instructions, license: 'GPL', name: 'days' });
    const wrong: number[] = [];
    const last = Math.floor(2 ** 32 / DAY);
    const data = Buffer.alloc(64);
    for (let day = 0; day <= last; day += 1) {
      const context = Buffer.alloc(SK_BUFF_CONTEXT_SIZE);
      context.writeUInt32LE(day, MARK);
      const { retval } = testRun(program, { data, context });
      if (retval !== new Date(day * DAY * 1000).getUTCDate()) wrong.push(day);
    }
    closeSync(program);
    expect(wrong).toEqual([]);
  });

  it('is the one that clocks show', () => {
    // rules for what it is now, for all else, and for the day before
    const before = Date.now();
    const now = Math.floor(before / 1000);
    const today = new Date(before);
    const weekday = 1 << (today.getUTCDay() || 7);
    const monthday = (1 << today.getUTCDate()) >>> 0;
    const yesterday = (1 << new Date(before - DAY * 1000).getUTCDate()) >>> 0;
    const secondOfDay = now % DAY;
    const not = (bits: number, all: number) => (all & ~bits) >>> 0;
    const overnight = { daytime_start: DAY - 1, daytime_stop: DAY - 1, flags: CONTIGUOUS };
    const cases: readonly (readonly [info: object, holds: boolean])[] = [
      [{}, true],
      [{ date_start: now, date_stop: now + 100 }, true],
      [{ date_start: now + 100 }, false],
      [{ date_stop: now - 1 }, false],
      [{ daytime_start: Math.max(secondOfDay - 1, 0), daytime_stop: DAY - 1 }, true],
      [{ weekdays_match: weekday }, true],
      [{ weekdays_match: not(weekday, 0xfe) }, false],
      [{ monthdays_match: monthday }, true],
      [{ monthdays_match: not(monthday, 0xfffffffe) }, false],
      // whatever the time of day is, it belongs to the day before
      [{ ...overnight, monthdays_match: yesterday }, true],
      [{ ...overnight, monthdays_match: not(yesterday, 0xfffffffe) }, false],
      [{ ...overnight, weekdays_match: weekday === 2 ? 0x80 : weekday >> 1 }, true],
      [{ ...overnight, weekdays_match: weekday }, false],
    ];
    const rules = cases.map(([info]) => rule({ matches: [time(info)], target: { kind: 'continue' } }));
    const loaded = new LoadedTable(makeTable({ INPUT: rules }), new Set([INPUT]));
    loaded.run(INPUT, { bytes: ip(udp({})), mark: 0, packetType: 0 });
    const counters = loaded.counters();
    const found = cases.map((_, index) => counters.has(index));
    // at midnight it may have become another day meanwhile
    if (Math.floor(Date.now() / 1000 / DAY) !== Math.floor(now / DAY)) return;
    expect(found).toEqual(cases.map(([, holds]) => holds));
  });
});

const HOUR = 3600;

/** Windows around now, and beside it, an hour to their nearest edge. */
function windows(now: number): readonly string[] {
  const at = (offset: number) => new Date((now + offset) * 1000).toISOString();
  const [clockAt, dateAt] = [(offset: number) => at(offset).slice(11, 19), (offset: number) => at(offset).slice(0, 19)];
  const daily = [
    [-1, 1],
    [1, 2],
    [-2, -1],
    [1, -1],
    [-3, 2],
    [2, -3],
  ].map(([from = 0, to = 0]) => `--timestart ${clockAt(from * HOUR)} --timestop ${clockAt(to * HOUR)}`);
  const over = daily.filter((text) => {
    const [start = '', stop = ''] = text.match(/[0-9:]{8}/g) ?? [];
    return start > stop;
  });
  const days = [
    ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((day) => `--weekdays ${day}`),
    ...Array.from({ length: 31 }, (_, day) => `--monthdays ${day + 1}`),
    '--weekdays Mon,Wed,Fri --monthdays 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31',
  ];
  const texts = [
    '',
    ...daily,
    ...over.flatMap((text) => days.map((day) => `${text} --contiguous ${day}`)),
    ...days,
    ...days.map((day) => `! ${day.replace(' --', ' ! --')}`),
    ...[-24, -1, 1, 24].flatMap((hours) => [
      `--datestart ${dateAt(hours * HOUR)}`,
      `--datestop ${dateAt(hours * HOUR)}`,
      `--datestart ${dateAt((hours - 1.5) * HOUR)} --datestop ${dateAt((hours + 0.25) * HOUR)}`,
    ]),
  ];
  return texts.map((text) => `-m time ${text}`);
}

describe.skipIf(scriptReason !== undefined)(titled('when packets come by: as by ip_tables', scriptReason), () => {
  it('hours, days, dates', { timeout: 60_000 }, () => {
    // the same day for both of them
    const now = () => Math.floor(Date.now() / 1000);
    if (now() % DAY > DAY - 60) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 61_000);
    const rules = windows(now());
    const script = `
      ip link set lo up
      (
        echo '*filter'
        ${rules.map((text) => `echo "-A INPUT ${text}"`).join('\n')}
        echo COMMIT
      ) | iptables-legacy-restore
      ping -q -c 1 127.0.0.1 > /dev/null
      iptables-legacy-save -c | grep -v '^#'`;
    const natively = outputOf(script, 'natively');
    const count = (pattern: RegExp) => natively.match(pattern)?.length ?? 0;
    expect([count(/^\[2:/gm) > 20, count(/^\[0:/gm) > 20]).toEqual([true, true]);
    const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';
    expect(outputOf(`${script}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
  });
});
