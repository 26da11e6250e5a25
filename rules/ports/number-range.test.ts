import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NftValue } from '../nft/json.ts';
import { allOf, type Condition, mergeRanges, type NumberRange, numberTest } from './number-range.ts';

const LIMIT = 255;
const field = { protocol: 'icmp', field: 'type', limit: LIMIT };

const number = fc.integer({ min: 0, max: LIMIT });
const someRanges = fc.array(fc.record({ min: number, max: number }), { maxLength: 15 });
const within = (ranges: readonly NumberRange[], value: number) =>
  ranges.some(({ min, max }) => min <= value && value <= max);

/** What nft would say of a value. */
function holds(condition: Condition, value: number): boolean {
  if (condition === 'never') return false;
  return condition.every((statement) => {
    if (!('match' in statement)) throw new TypeError('a test is wanted');
    const { op, right } = statement.match;
    return covers(right as NftValue, value) === (op === '==');
  });
}

function covers(right: NftValue, value: number): boolean {
  if (typeof right === 'number') return right === value;
  if (typeof right !== 'object') throw new TypeError('a number is wanted');
  if ('set' in right) return right.set.some((element) => covers(element, value));
  if (!('range' in right)) throw new TypeError('a range is wanted');
  const [min, max] = right.range;
  return Number(min) <= value && value <= Number(max);
}

describe('mergeRanges', () => {
  it('covers the same numbers with ranges that lie apart, ascending', () => {
    fc.assert(
      fc.property(someRanges, number, (ranges, value) => {
        const merged = mergeRanges(ranges);
        expect(within(merged, value)).toBe(within(ranges, value));
        for (const [i, range] of merged.entries()) {
          expect(range.min).toBeLessThanOrEqual(range.max);
          const next = merged[i + 1];
          if (next !== undefined) expect(next.min).toBeGreaterThan(range.max + 1);
        }
      }),
    );
  });
});

describe('numberTest', () => {
  it('says of every number what the ranges say, inverted too', () => {
    fc.assert(
      fc.property(someRanges, fc.boolean(), number, (ranges, inverted, value) => {
        expect(holds(numberTest(field, ranges, inverted), value)).toBe(within(ranges, value) !== inverted);
      }),
    );
  });

  it.each([
    { name: 'no range', ranges: [], plain: 'never', inverted: [] },
    { name: 'every number', ranges: [{ min: 0, max: LIMIT }], plain: [], inverted: 'never' },
    {
      name: 'every number in two halves',
      ranges: [
        { min: 100, max: LIMIT },
        { min: 0, max: 99 },
      ],
      plain: [],
      inverted: 'never',
    },
  ])('needs no statement for $name', ({ ranges, plain, inverted }) => {
    expect(numberTest(field, ranges, false)).toEqual(plain);
    expect(numberTest(field, ranges, true)).toEqual(inverted);
  });
});

it('allOf is never when one is', () => {
  const one = numberTest(field, [{ min: 1, max: 1 }], false);
  expect(allOf([one, [], one])).toEqual([...one, ...one]);
  expect(allOf([one, 'never'])).toBe('never');
});
