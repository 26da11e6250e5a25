import v8 from 'node:v8';
import { expect, test } from 'vitest';
import { OldGarbage } from './old-garbage.ts';

const MiB = 1 << 20;

/** A heap of 5 MiB that live, and a clock. */
function setUp() {
  const heap = { old: 5 * MiB, collections: 0 };
  const clock = { ms: 0 };
  const garbage = new OldGarbage(
    {
      old: () => heap.old,
      collect: () => {
        heap.collections += 1;
        heap.old = 5 * MiB;
      },
    },
    () => clock.ms,
  );
  /** What `tend` says at a time, and how often was collected by then. */
  const tend = (ms: number, isIdle: boolean) => {
    clock.ms = ms;
    return [garbage.tend(isIdle), heap.collections];
  };
  return { heap, tend };
}

test('collects when the heap has grown by 1 MiB since the last time, and looks once a second', () => {
  const { heap, tend } = setUp();
  expect(tend(0, true)).toEqual([-1, 0]);
  heap.old += MiB - 1;
  expect(tend(1_000, true)).toEqual([-1, 0]);
  heap.old += 1;
  expect(tend(1_999, true)).toEqual([-1, 0]);
  expect(tend(2_000, true)).toEqual([-1, 1]);
  expect(tend(3_000, true)).toEqual([-1, 1]);
  heap.old += MiB;
  expect(tend(4_000, true)).toEqual([-1, 2]);
});

test('waits for a moment in which nobody asks, but not for ever', () => {
  const { heap, tend } = setUp();
  tend(0, true);
  heap.old += MiB;
  expect(tend(1_000, false)).toEqual([5, 0]);
  expect(tend(1_005, true)).toEqual([-1, 1]);
  heap.old += MiB;
  expect(tend(2_000, false)).toEqual([5, 1]);
  expect(tend(2_499, false)).toEqual([5, 1]);
  expect(tend(2_500, false)).toEqual([-1, 2]);
});

test("takes this thread's own garbage away", () => {
  const clock = { ms: 0 };
  const garbage = new OldGarbage(undefined, () => clock.ms);
  const used = () => v8.getHeapStatistics().used_heap_size;
  garbage.tend(true);
  const before = used();
  // Too large for the young generation.
  const hoard = Array.from({ length: 4 }, () => new Array<number>(MiB / 4).fill(0.5));
  expect(used() - before).toBeGreaterThan(6 * MiB);
  hoard.length = 0;
  clock.ms = 1_000;
  garbage.tend(true);
  expect(used() - before).toBeLessThan(2 * MiB);
});
