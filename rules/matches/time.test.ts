import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holds, type PacketFields } from '../bpf/testing/holds.ts';
import { bpfOf } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { type TimeInfo, time } from './time.ts';

const DAY = 86_400;
const FEB_2 = Date.UTC(2020, 1, 2) / 1000;
const FEB_4 = Date.UTC(2020, 1, 4) / 1000;
const MAR_1 = Date.UTC(2020, 2, 1) / 1000;
const hour = { meta: { key: 'hour' } } as const;

function within(spans: readonly (readonly [number, number])[]): NftStatement {
  return { match: { op: '==', left: { meta: { key: 'time' } }, right: { set: spans.map((range) => ({ range })) } } };
}

describeMatch(time, {
  sizes: { 0: 24 },
  examples: [
    {
      hex: '00000000ffffff7f000000007f510100fefffffffe',
      list: ' TIME UTC',
      save: ' --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f8b0e000072390000fefffffffe',
      list: ' TIME from 01:02:03 to 04:05:06 UTC',
      save: ' --timestart 01:02:03 --timestop 04:05:06 --datestop 2038-01-19T03:14:07',
      nft: {
        alternatives: [
          [
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
            { match: { op: '==', left: { meta: { key: 'hour' } }, right: { range: [3723, 14706] } } },
          ],
        ],
      },
    },
    {
      hex: '00000000ffffff7f6035010072390000fefffffffe02',
      list: ' TIME from 22:00:00 to 04:05:06 UTC contiguous',
      save: ' --timestart 22:00:00 --timestop 04:05:06 --datestop 2038-01-19T03:14:07 --contiguous',
      nft: {
        alternatives: [
          [
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
            { match: { op: '!=', left: { meta: { key: 'hour' } }, right: { range: [14707, 79199] } } },
          ],
        ],
      },
    },
    {
      hex: '00000000ffffff7fc0a80000c0a80000fefffffffe',
      list: ' TIME from 12:00:00 to 12:00:00 UTC',
      save: ' --timestart 12:00:00 --timestop 12:00:00 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7fc2a80000c1a80000fefffffffe',
      list: ' TIME from 12:00:02 to 12:00:01 UTC',
      save: ' --timestart 12:00:02 --timestop 12:00:01 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f0000000000000000fefffffffe',
      list: ' TIME from 00:00:00 to 00:00:00 UTC',
      save: ' --timestart 00:00:00 --timestop 00:00:00 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    {
      hex: '00000000ffffff7f000000007f510100fcfffffffe01',
      list: ' TIME on 2nd,3rd,4th,5th,6th,7th,8th,9th,10th,11st,12nd,13rd,14th,15th,16th,17th,18th,19th,20th,21st,22nd,23rd,24th,25th,26th,27th,28th,29th,30th,31st',
      save: ' --monthdays 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31 --datestop 2038-01-19T03:14:07 --kerneltz',
      nft: "nft's hours and dates aren't in the kern",
    },
    {
      hex: '00000000ffffff7f000000007f510100fffffffffe',
      list: ' TIME on 1st,2nd,3rd,4th,5th,6th,7th,8th,9th,10th,11st,12nd,13rd,14th,15th,16th,17th,18th,19th,20th,21st,22nd,23rd,24th,25th,26th,27th,28th,29th,30th,31st UTC',
      save: ' --monthdays 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31 --datestop 2038-01-19T03:14:07',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } }]] },
    },
    // Thursday 2020-01-30 12:00:00 to Sunday 2020-03-01 12:00:00: the Sundays and Mondays of 1, 2, 3, 31
    {
      hex: '40c5325ec0a35b5e000000007f5101000e00008082',
      list: ' TIME on Mon,Sun on 1st,2nd,3rd,31st starting from 2020-01-30 12:00:00 until date 2020-03-01 12:00:00 UTC',
      save: ' --monthdays 1,2,3,31 --weekdays Mon,Sun --datestart 2020-01-30T12:00:00 --datestop 2020-03-01T12:00:00',
      nft: {
        alternatives: [
          [
            within([
              [FEB_2, FEB_4],
              [MAR_1, MAR_1 + 43201],
            ]),
          ],
        ],
        secondBest: true,
      },
    },
    // Thursdays and Fridays from 22:00 to 04:05:06 of the day behind
    {
      hex: '40c5325e9051385e6035010072390000feffffff3002',
      list: ' TIME from 22:00:00 to 04:05:06 on Thu,Fri starting from 2020-01-30 12:00:00 until date 2020-02-03 17:00:00 UTC contiguous',
      save: ' --timestart 22:00:00 --timestop 04:05:06 --weekdays Thu,Fri --datestart 2020-01-30T12:00:00 --datestop 2020-02-03T17:00:00 --contiguous',
      nft: {
        alternatives: [
          [
            within([[FEB_2 - 3 * DAY + DAY / 2, FEB_2 - DAY]]),
            { match: { op: '>=', left: hour, right: 14706 } },
            { match: { op: '!=', left: hour, right: { range: [14707, 79199] } } },
          ],
          [within([[FEB_2 - 2 * DAY, FEB_2]]), { match: { op: '<', left: hour, right: 14706 } }],
        ],
        secondBest: true,
      },
    },
    {
      hex: '40c5325e9051385e6035010072390000feffffff20',
      list: ' TIME from 22:00:00 to 04:05:06 on Fri starting from 2020-01-30 12:00:00 until date 2020-02-03 17:00:00 UTC',
      save: ' --timestart 22:00:00 --timestop 04:05:06 --weekdays Fri --datestart 2020-01-30T12:00:00 --datestop 2020-02-03T17:00:00',
      nft: {
        alternatives: [
          [
            within([[FEB_2 - 2 * DAY, FEB_2 - DAY]]),
            { match: { op: '!=', left: hour, right: { range: [14707, 79199] } } },
          ],
        ],
        secondBest: true,
      },
    },
    // no Sunday in between
    {
      hex: '40c5325e40c5325e000000007f510100feffffff80',
      list: ' TIME on Sun starting from 2020-01-30 12:00:00 until date 2020-01-30 12:00:00 UTC',
      save: ' --weekdays Sun --datestart 2020-01-30T12:00:00 --datestop 2020-01-30T12:00:00',
      nft: { alternatives: [], secondBest: true },
    },
    // every other day until 2106
    {
      hex: '00000000ffffffff000000007f510100aaaaaaaafe',
      list: ' TIME on 1st,3rd,5th,7th,9th,11st,13rd,15th,17th,19th,21st,23rd,25th,27th,29th,31st until date 2106-02-07 06:28:15 UTC',
      save: ' --monthdays 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 --datestop 2106-02-07T06:28:15',
      nft: 'spans of days, at most 14000',
    },
    {
      hex: '72837b3affffff7f000000007f510100fefffffffe',
      list: ' TIME starting from 2001-02-03 04:05:06 UTC',
      save: ' --datestart 2001-02-03T04:05:06 --datestop 2038-01-19T03:14:07',
      nft: {
        alternatives: [
          [
            { match: { op: '>=', left: { meta: { key: 'time' } }, right: 981173106 } },
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 2147483648 } },
          ],
        ],
      },
    },
    {
      hex: '0066ee5f00e10b5e000000007f510100fefffffffe',
      list: ' TIME starting from 2021-01-01 00:00:00 until date 2020-01-01 00:00:00 UTC',
      save: ' --datestart 2021-01-01T00:00:00 --datestop 2020-01-01T00:00:00',
      nft: { alternatives: [] },
    },
    {
      hex: '0000000000000000000000007f510100fefffffffe',
      list: ' TIME until date UTC',
      save: '',
      nft: { alternatives: [[{ match: { op: '<', left: { meta: { key: 'time' } }, right: 1 } }]] },
    },
    // raw: up to the last second that 32 bits hold
    {
      hex: '01000000ffffffff000000007f510100fefffffffe',
      list: ' TIME starting from 1970-01-01 00:00:01 until date 2106-02-07 06:28:15 UTC',
      save: ' --datestart 1970-01-01T00:00:01 --datestop 2106-02-07T06:28:15',
      nft: {
        alternatives: [
          [
            { match: { op: '>=', left: { meta: { key: 'time' } }, right: 1 } },
            { match: { op: '<', left: { meta: { key: 'time' } }, right: 4294967296 } },
          ],
        ],
      },
    },
  ],
  checks: [
    { hex: '000000000000000080510100', errno: 33 },
    { hex: '00000000000000000000000080510100', errno: 33 },
    { hex: '000000000000000000000000805101000000000000ff', errno: 33 },
    { hex: '0000000000000000000000007f510100000000000004', errno: 22 },
    { hex: '0000000000000000000000007f510100000000000002', errno: 22 },
    { hex: '00000000000000000100000001000000000000000003', errno: 0 },
  ],
});

/** time_mt (net/netfilter/xt_time.c), in UTC. */
function kernelTakes(info: TimeInfo, now: number): boolean {
  if (now < info.date_start || now > info.date_stop) return false;
  const ofDay = now % DAY;
  let stamp = now;
  if (info.daytime_start < info.daytime_stop) {
    if (ofDay < info.daytime_start || ofDay > info.daytime_stop) return false;
  } else {
    if (ofDay < info.daytime_start && ofDay > info.daytime_stop) return false;
    if ((info.flags & 2) !== 0 && ofDay <= info.daytime_stop) stamp -= DAY;
  }
  const weekday = ((4 + Math.floor(stamp / DAY) - 1) % 7) + 1;
  if ((info.weekdays_match & (1 << weekday)) === 0) return false;
  return (info.monthdays_match & (1 << new Date(stamp * 1000).getUTCDate())) !== 0;
}

/** What the machine knows of the time. */
function fieldsAt(now: number): PacketFields {
  const date = new Date(now * 1000);
  return {
    seconds: now,
    daySeconds: now % DAY,
    weekday: 1 << (date.getUTCDay() || 7),
    monthday: (1 << date.getUTCDate()) >>> 0,
    monthdayBefore: (1 << new Date((now - DAY) * 1000).getUTCDate()) >>> 0,
  };
}

describe('time in BPF', () => {
  const inBpf = (info: TimeInfo) => bpfOf(time, info, { header: anyHeader });
  const moment = fc.integer({ min: DAY, max: 0xffffffff });
  const ofDay = fc.integer({ min: 0, max: DAY - 1 });
  const bits = (width: number) => fc.oneof(fc.constant(2 ** width - 2), fc.integer({ min: 0, max: 2 ** width - 1 }));
  const anyInfo = fc.record({
    date_start: fc.oneof(fc.constant(0), moment),
    date_stop: fc.oneof(fc.constant(0xffffffff), moment),
    daytime_start: ofDay,
    daytime_stop: ofDay,
    monthdays_match: bits(32),
    weekdays_match: bits(8),
    flags: fc.constantFrom(0, 2),
  });
  const within = (from: number, value: number, most: number) => Math.min(Math.max(from + value, 0), most);

  it('takes what the kernel takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(anyInfo, moment, fc.constantFrom(-1, 0, 1), (some, anyMoment, beside) => {
        // contiguous is over midnight
        const flags = some.daytime_start < some.daytime_stop ? 0 : some.flags;
        const info = { ...some, flags };
        const match = inBpf(info);
        const midnight = Math.floor(anyMoment / DAY) * DAY;
        const edges = [info.daytime_start, info.daytime_stop, 0].map((at) => within(midnight, at + beside, 0xffffffff));
        for (const now of [anyMoment, info.date_start, info.date_stop, ...edges]) {
          if (now < DAY) continue;
          const takes = kernelTakes(info, now);
          if (takes) taken += 1;
          expect(holds(match, fieldsAt(now)), `at ${now}`).toBe(takes);
        }
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  it('asks for nothing that always holds', () => {
    const day = { daytime_start: 0, daytime_stop: DAY - 1, flags: 0 };
    const all = { date_start: 5, date_stop: 9, monthdays_match: 0xffffffff, weekdays_match: 0xff, ...day };
    expect(inBpf(all)).toEqual({
      groups: [[{ field: 'seconds', kind: 'within', first: 5, second: 4, negated: false }]],
    });
  });

  it("knows no time zone of the kernel's", () => {
    const day = { daytime_start: 0, daytime_stop: DAY - 1, flags: 1 };
    expect(() => inBpf({ date_start: 0, date_stop: 9, monthdays_match: 1, weekdays_match: 1, ...day })).toThrow(
      "can't read the kernel's time zone",
    );
  });
});
