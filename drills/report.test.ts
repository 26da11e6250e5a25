import { describe, expect, test } from 'vitest';
import { type DrillReport, emptyReport, reportText, restartTimes, summaryText } from './report.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('restart times', () => {
  test.each([
    ['nothing', [], undefined],
    ['one', [7], { count: 1, p50: 7, p90: 7, p99: 7, max: 7 }],
    ['two: the lower one is the median', [9, 1], { count: 2, p50: 1, p90: 9, p99: 9, max: 9 }],
    ['a hundred, in any order', range(100).reverse(), { count: 100, p50: 50, p90: 90, p99: 99, max: 100 }],
    ['numbers, not words', [10, 9, 100], { count: 3, p50: 10, p90: 100, p99: 100, max: 100 }],
  ])('%s', (_title, values, want) => {
    expect(restartTimes(values)).toEqual(want);
  });
});

const passed: DrillReport = {
  name: 'kill',
  outcome: 'passed',
  seed: 5,
  seconds: 10,
  commands: 84,
  failures: 0,
  refused: 0,
  strikes: 14,
  deaths: 13,
  restart: { count: 8, p50: 1.234, p90: 20.4, p99: 488.2, max: 488.2 },
  packets: { guarded: 1543, leaked: 0, counted: 3086, countersLost: 0 },
  faults: [],
};

describe('the report for people', () => {
  test('of a drill in which all was as it should be', () => {
    expect(reportText(passed)).toBe(`kill: all as it should be (10 s, seed 5)
  commands   84, 0 failed
  strikes    14, drivers that ended 13
  restart    median 1.23 ms, 90 % 20 ms, 99 % 488 ms, longest 488 ms, of 8
  packets    1543 to be dropped, 0 got through
  counters   3086 packets to be counted, 0 lost
`);
  });

  test.each<[string, Partial<DrillReport>, RegExp]>([
    [
      'a failure',
      { outcome: 'failed', failures: 1, faults: ['a\nb'] },
      /^kill: FAILED[\s\S]*1 failed\n[\s\S]*fault {6}a\n {13}b\n$/,
    ],
    ['a reason', { outcome: 'skipped', reason: 'no strace' }, /^kill: skipped \(no strace\)\n$/],
    ['commands that may fail', { refused: 3 }, /84, 0 failed, 3 more as they may here\n/],
    ['a packet that got through', { packets: { ...passed.packets, leaked: 2 } }, /to be dropped, 2 got through\n/],
    [
      'counters that may go',
      { packets: { ...passed.packets, countersLost: 9 }, countersMayGo: 'so it is' },
      /9 lost \(so it is\)\n/,
    ],
    [
      'growth',
      {
        growth: [
          { what: 'shim fds', first: 44, last: 44, grown: 0, most: 0.5, values: [] },
          { what: 'shim kB', first: 30_000, last: 31_000, grown: 950.04, most: 4096, values: [] },
          { what: 'zombies', first: 0, last: 0, grown: 0, most: 0.5, values: [] },
        ],
      },
      /growth {5}shim kB 30000 → 31000 \(slope 950\.0\)\n {13}the same: shim fds 44, zombies 0\n/,
    ],
    ['counters that may go and do not', { countersMayGo: 'so it is' }, /, 0 lost\n/],
    [
      'that the rest is left out',
      { faults: ['1', '2', '3', '4', '5', '6', '7'] },
      /fault {6}5\n {2}fault {6}… and 2 more/,
    ],
    ['a long fault in short', { faults: ['x'.repeat(2_000)] }, /fault {6}x{600} …\n/],
  ])('tells %s', (_title, change, want) => {
    expect(reportText({ ...passed, ...change })).toMatch(want);
  });

  test('without a restart', () => {
    const { restart: _, ...rest } = passed;
    expect(reportText(rest)).toContain('nobody waited for one');
  });
});

test('a drill that ended early is a failure with its reason, one that was skipped is none', () => {
  const about = { name: 'kill', seed: 1, seconds: 1, reason: 'SIGKILL' };
  expect(emptyReport('failed', about)).toMatchObject({ outcome: 'failed', faults: ['SIGKILL'], commands: 0 });
  expect(emptyReport('skipped', about)).toMatchObject({ outcome: 'skipped', faults: [], reason: 'SIGKILL' });
});

test('the summary counts', () => {
  const outcomes = ['passed', 'failed', 'skipped', 'passed'] as const;
  expect(summaryText(outcomes.map((outcome) => ({ ...passed, outcome })))).toBe(
    '2 as they should be, 1 failed, 1 skipped\n',
  );
});
