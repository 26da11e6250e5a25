import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditsPerSecond, multiplyU32, toCredits } from './credits.ts';
import { nftRate } from './nft-rate.ts';
import { LIMIT_SCALE, shownRate } from './units.ts';

describe('credits', () => {
  it.each([
    [100, 25_600],
    [250, 32_000],
    [300, 38_400],
    [1_000, 32_000],
  ])('at %i ticks a second earns %i', (ticks, credits) => expect(creditsPerSecond(ticks)).toBe(credits));

  it.each([
    { time: 0, credits: 0 },
    { time: 1, credits: 3 },
    { time: 134_217, credits: 429_494, why: 'the last that is multiplied first' },
    { time: 134_218, credits: 416_000, why: 'the first that is cut to seconds' },
    { time: 864_000_000, credits: 2_764_800_000 },
    { time: 2 ** 32 - 1, credits: (429_496 * 32_000) % 2 ** 32, why: 'wraps' },
  ])('of $time/10000 s are $credits', ({ time, credits }) => expect(toCredits(time)).toBe(credits));

  it('multiply as u32', () => expect(multiplyU32(0xffffffff, 0xffffffff)).toBe(1));
});

describe('shownRate', () => {
  it.each([
    [10_000, '1/sec'],
    [1, '10000/sec'],
    [10_001, '86391/day'],
    [166, '60/sec'],
    [200_000, '3/min'],
    [36_000_000, '1/hour'],
    [864_000_000, '1/day'],
    [864_000_001, '0/day'],
  ])('%i is %s', (avg, shown) => {
    const { count, unit } = shownRate(avg);
    expect(`${count}/${unit.iptables}`).toBe(shown);
  });
});

describe('nftRate', () => {
  it('is within 0.1 % of the kernel for every rate iptables can ask for', () => {
    const asked = fc.record({
      count: fc.integer({ min: 1, max: 10_000 }),
      seconds: fc.constantFrom(1, 60, 3_600, 86_400),
    });
    fc.assert(
      fc.property(asked, ({ count, seconds }) => {
        const avg = Math.floor((LIMIT_SCALE * seconds) / count);
        const cost = toCredits(avg);
        const rate = nftRate(shownRate(avg), cost, creditsPerSecond());
        const kernel = creditsPerSecond() / cost;
        expect(Math.abs(rate.count / rate.unit.seconds / kernel - 1)).toBeLessThan(0.001 + 1e-9);
      }),
    );
  });
});
