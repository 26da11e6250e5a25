import { describe, expect, test } from 'vitest';
import { findRuns } from './runs.ts';

const options = { shortest: 3, mostShapes: 2, perShape: 2 };

describe('runs of rules of few shapes', () => {
  test.each([
    { title: 'none', shapes: [], runs: [] },
    { title: 'one shape', shapes: [0, 0, 0], runs: [[0, 2]] },
    { title: 'too short', shapes: [0, 0], runs: [] },
    { title: 'two shapes', shapes: [0, 1, 1, 0], runs: [[0, 3]] },
    { title: 'too few of each', shapes: [0, 1, 0], runs: [] },
    {
      title: 'a third shape begins the next',
      shapes: [0, 0, 1, 1, 2, 2, 2],
      runs: [
        [0, 3],
        [4, 6],
      ],
    },
    {
      title: 'one that fits none cuts',
      shapes: [0, 0, 0, -1, 1, 1, 1, -1],
      runs: [
        [0, 2],
        [4, 6],
      ],
    },
    { title: 'what was cut off too short is left out', shapes: [-1, 0, -1, 0, 0, 0], runs: [[3, 5]] },
  ])('$title', ({ shapes, runs }) => {
    expect(findRuns(shapes, options).map(({ first, last }) => [first, last])).toEqual(runs);
  });
});
