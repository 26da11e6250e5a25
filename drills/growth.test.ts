import { describe, expect, test } from 'vitest';
import { growthOf, leaksIn, slopeOf, type Usage } from './growth.ts';

const samples = (name: string, values: readonly number[], step = 1000): Usage[] =>
  values.map((value, at) => ({ rounds: at * step, numbers: { [name]: value } }));
const leaks = (name: string, values: readonly number[]) => leaksIn(growthOf(samples(name, values)));
const range = (count: number, at: (index: number) => number) => Array.from({ length: count }, (_, index) => at(index));

describe('the slope', () => {
  test.each([
    [
      'a line',
      [
        [0, 1],
        [10, 6],
        [30, 16],
      ],
      0.5,
    ],
    [
      'level',
      [
        [0, 7],
        [1, 7],
        [2, 7],
      ],
      0,
    ],
    [
      'one that is odd',
      [
        [0, 5],
        [1, 5],
        [2, 500],
        [3, 5],
        [4, 5],
      ],
      0,
    ],
    [
      'an even number of slopes: between the two in the middle',
      [
        [0, 0],
        [1, 1],
        [2, 4],
        [3, 9],
      ],
      3,
    ],
  ] as const)('of %s', (_title, points, want) => {
    expect(slopeOf(points)).toBe(want);
  });
});

describe('growth', () => {
  test.each<[string, string, readonly number[], boolean]>([
    ['descriptors that stay', 'shim fds', range(20, () => 30), false],
    ['a descriptor lost now and then', 'shim fds', range(20, (at) => 30 + Math.floor(at / 4)), true],
    ['one that comes and goes', 'shim fds', range(20, (at) => 30 + (at % 3 === 0 ? 1 : 0)), false],
    ['a warm-up', 'shim fds', range(20, (at) => (at < 5 ? 10 * at : 50)), false],
    ['fewer and fewer', 'zombies', range(20, (at) => 20 - at), false],
    ['a heap that breathes', 'shim kB', range(20, (at) => 60_000 + (at % 2) * 8_000), false],
    ['a heap that grows', 'shim kB', range(20, (at) => 60_000 + at * 400 + (at % 2) * 3_000), true],
  ])('%s', (_title, name, values, isLeak) => {
    expect(leaks(name, values).length).toBe(isLeak ? 1 : 0);
  });

  test('is told from the first sample that counts to the last one', () => {
    expect(
      growthOf(
        samples(
          'zombies',
          range(12, (at) => at),
        ),
      ),
    ).toEqual([{ what: 'zombies', first: 3, last: 11, grown: 8, most: 0.5, values: range(12, (at) => at) }]);
  });

  test('a number that was not there counts as 0', () => {
    const some = samples(
      'shim fds',
      range(12, () => 5),
    );
    const more = some.map((one, at) => (at < 7 ? one : { ...one, numbers: { ...one.numbers, sets: at } }));
    expect(leaksIn(growthOf(more))).toEqual([expect.stringContaining('sets: grows, from 0 to 11')]);
  });

  test('too few samples are refused', () => {
    expect(() => growthOf(samples('zombies', [1, 2, 3, 4, 5, 6, 7]))).toThrow(RangeError);
  });
});
