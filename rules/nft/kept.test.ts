import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptPairs } from './kept.ts';

const pairs = (old: string, next: string) => [...keptPairs([...old], [...next])];

/** Length of a longest common subsequence, the textbook way. */
function longestCommon(old: readonly string[], next: readonly string[]): number {
  let row = new Array<number>(next.length + 1).fill(0);
  for (const element of old) {
    const last = row;
    row = [0];
    for (const [at, other] of next.entries())
      row.push(element === other ? (last[at] ?? 0) + 1 : Math.max(last[at + 1] ?? 0, row[at] ?? 0));
  }
  return row[next.length] ?? 0;
}

describe('keptPairs', () => {
  it.each([
    ['', '', []],
    ['', 'a', [-1]],
    ['a', '', []],
    ['abc', 'abc', [0, 1, 2]],
    ['abc', 'xabc', [-1, 0, 1, 2]],
    ['abc', 'abcx', [0, 1, 2, -1]],
    ['abc', 'axc', [0, -1, 2]],
    ['abcd', 'bcda', [1, 2, 3, -1]],
    ['aa', 'a', [0]],
    ['a', 'aa', [0, -1]],
    ['abab', 'baba', [-1, 0, -1, 2]], // the k-th a with the k-th a: not the longest
  ])('%j → %j', (old, next, expected) => expect(pairs(old, next)).toEqual(expected));

  it('pairs equal elements in order', () => {
    const sequence = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 });
    fc.assert(
      fc.property(sequence, sequence, (old, next) => {
        const found = keptPairs(old, next);
        const used = [...found].filter((at) => at >= 0);
        expect(used).toEqual([...new Set(used)].sort((one, other) => one - other));
        for (const [at, partner] of found.entries()) if (partner >= 0) expect(old[partner]).toBe(next[at]);
      }),
    );
  });

  it('keeps as many as can be where nothing repeats', () => {
    const sequence = fc.shuffledSubarray([...'abcdefghijkl']);
    fc.assert(
      fc.property(sequence, sequence, (old, next) => {
        expect(keptPairs(old, next).filter((at) => at >= 0)).toHaveLength(longestCommon(old, next));
      }),
    );
  });
});
