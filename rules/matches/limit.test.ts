import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { errnoOf } from '../../protocol/error.ts';
import { bpfOf } from '../extension.ts';
import { checking, texts } from '../testing/context.ts';
import { headerOf } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { type LimitInfo, limit } from './limit.ts';

const header = headerOf(0);
const of = (avg: number, burst: number, cost = 0): LimitInfo => ({
  avg,
  burst,
  prev: 0n,
  credit: 0,
  credit_cap: 0,
  cost,
  master: 0n,
});

const HOUR = 36_000_000;
const DAY = 24 * HOUR;

/** Bursts in `nft` were counted with the kernel's own match: so many of 300 packets at once pass. */
const cases = [
  { avg: 10_000, burst: 5, rate: '1/sec', save: ' --limit 1/sec', nft: [1, 'second', 5] },
  { avg: 3_333, burst: 100, rate: '3/sec', save: ' --limit 3/sec --limit-burst 100', nft: [3, 'second', 99] },
  { avg: 1_428, burst: 250, rate: '7/sec', save: ' --limit 7/sec --limit-burst 250', nft: [7, 'second', 245] },
  { avg: 166, burst: 5, rate: '60/sec', save: ' --limit 60/sec', nft: [3_616, 'minute', 5] },
  { avg: 100, burst: 50, rate: '100/sec', save: ' --limit 100/sec --limit-burst 50', nft: [100, 'second', 50] },
  { avg: 1, burst: 100, rate: '10000/sec', save: ' --limit 10000/sec --limit-burst 100', nft: [10_667, 'second', 106] },
  { avg: 200_000, burst: 1, rate: '3/min', save: ' --limit 3/min --limit-burst 1', nft: [3, 'minute', 1] },
  { avg: HOUR / 3, burst: 7, rate: '3/hour', save: ' --limit 3/hour --limit-burst 7', nft: [3, 'hour', 7] },
  { avg: HOUR, burst: 24, rate: '1/hour', save: ' --limit 1/hour --limit-burst 24', nft: [1, 'hour', 24] },
  { avg: HOUR, burst: 100, rate: '1/hour', save: ' --limit 1/hour --limit-burst 100', nft: [1, 'hour', 25] },
  { avg: 2 * HOUR, burst: 10, rate: '12/day', save: ' --limit 12/day --limit-burst 10', nft: [12, 'day', 10] },
  { avg: DAY, burst: 1, rate: '1/day', save: ' --limit 1/day --limit-burst 1', nft: [1, 'day', 1] },
] as const;

describe('limit', () => {
  it.each(cases)('$rate, burst $burst', ({ avg, burst, rate, save, nft: [count, per, atOnce] }) => {
    const info = of(avg, burst);
    limit.check(info, checking(header));
    const list = ` limit: avg ${rate} burst ${burst}`;
    expect(texts(limit, info, header)).toEqual([list, list, save]);
    expect(limit.nft(info, checking(header))).toEqual({
      alternatives: [[{ limit: { rate: count, per, burst: atOnce } }]],
      stateful: true,
    });
  });

  it('with no time between packets lets all through', () => {
    expect(texts(limit, of(0, 5), header)).toEqual([
      ' limit: avg inf burst 5',
      ' limit: avg inf burst 5',
      ' --limit inf',
    ]);
    expect(limit.nft(of(0, 5), checking(header))).toEqual({ alternatives: [[]] });
  });

  it('shows less than one a day as 0/day, and refuses what no rate of nft is', () => {
    const info = of(1_000_000_000, 1);
    limit.check(info, checking(header));
    expect(limit.save(info, { header })).toBe(' --limit 0/day --limit-burst 1');
    expect(() => limit.nft(info, checking(header))).toThrow('within 0.1 %');
  });

  it('refuses to guess at a cost the caller made up', () => {
    expect(() => limit.nft(of(10_000, 5, 1), checking(header))).toThrow('cost of its own');
  });

  it.each([
    [10_000, 0],
    [0, 0],
    [DAY, 2],
    [DAY, 5],
    [HOUR, 120],
    [2 ** 31, 2],
    [0x4000_0001, 4],
  ])('overflows: avg %i, burst %i', (avg, burst) => {
    let found: unknown;
    try {
      limit.check(of(avg, burst), checking(header));
    } catch (error) {
      found = errnoOf(error);
    }
    expect(found).toBe(errno.ERANGE);
  });

  it.each([
    [1, 1],
    [HOUR, 119],
    [2 ** 32 - 1, 1],
  ])('does not overflow: avg %i, burst %i', (avg, burst) => {
    expect(() => limit.check(of(avg, burst), checking(header))).not.toThrow();
  });

  it('takes 40 bytes', () => expect(limit.revisions[0]?.size).toBe(40));

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors(cases.map(({ avg, burst }) => limit.nft(of(avg, burst), checking(header)).alternatives))).toBe(
      '',
    );
  });
});

describe('limit in BPF', () => {
  const groupsOf = (info: LimitInfo) => bpfOf(limit, info, { header }).groups;

  it.each([
    { avg: 10_000, burst: 5, cost: 32_000, most: 160_000 },
    { avg: 3_333, burst: 100, cost: 10_665, most: 1_056_000 },
    { avg: HOUR, burst: 37, cost: 115_200_000, most: 4_262_400_000 },
  ])('avg $avg, burst $burst: a full bucket', ({ avg, burst, cost, most }) => {
    expect(groupsOf(of(avg, burst))).toEqual([[{ kind: 'limit', first: cost, second: most, credit: most }]]);
  });

  it('takes all where a packet costs nothing', () => expect(groupsOf(of(0, 5))).toEqual([]));
  it('refuses a preset cost', () => expect(() => groupsOf(of(1, 1, 7))).toThrow('cost of its own'));
});
