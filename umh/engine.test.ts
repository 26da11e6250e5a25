import { setFlagsFromString } from 'node:v8';
import { expect, test, vi } from 'vitest';
import { isolated } from '../sys/testing/isolated.ts';
import { tuneEngine } from './engine.ts';

vi.mock('node:v8', () => ({ setFlagsFromString: vi.fn() }));

test('young memory stays as small as it begins where it is to, and grows else', () => {
  const youngMiB = (smallHeap: boolean) =>
    isolated(`
      import { getHeapSpaceStatistics } from 'node:v8';
      import { tuneEngine } from '../umh/engine.ts';
      tuneEngine(${smallHeap});
      const kept = Array.from({ length: 300_000 }, (_, at) => ({ at }));
      const [young] = getHeapSpaceStatistics().filter((space) => space.space_name === 'new_space');
      report(kept.length && (young?.space_size ?? 0) / 2 ** 20);
    `);
  expect(youngMiB(true)).toBeLessThanOrEqual(2);
  expect(youngMiB(false)).toBeGreaterThan(2);
});

test('functions are compiled at their first call, and optimised sooner', () => {
  tuneEngine(false);
  const flags = vi.mocked(setFlagsFromString).mock.calls.map(([flag]) => flag);
  expect(flags).toEqual(['--always-sparkplug', '--no-lazy-feedback-allocation']);
});
