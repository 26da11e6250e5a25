import { getHeapSpaceStatistics } from 'node:v8';
import { collectGarbage } from '../sys/collect-garbage.ts';

/** The heap of a thread. */
export interface Heap {
  /** Bytes in use but for those of the young generation, which come and go; with garbage. */
  old(): number;
  /** Takes all garbage away: 5 to 10 ms. */
  collect(): void;
}

/** The old generation is collected when it has grown by so much since. */
const mostGrown = 1 << 20;
/** How often it is looked at; milliseconds. */
const lookMs = 1_000;
/** Collected once nobody has asked for so long, or after the other time. */
const quietMs = 5;
const patienceMs = 500;

/**
 * Sees to what has died old in the heap of this thread. What belongs to a driver, or to a connection of the control socket,
 * outlives some collections of the young generation, so it is old when that ends; and V8 doesn't look through a small heap's
 * old generation before it has grown by 8 MiB or more. The shim would grow with every driver that dies, for thousands of them.
 */
export class OldGarbage {
  readonly #heap: Heap;
  readonly #now: () => number;
  /** What was in use after the last collection, or at the first look. */
  #level: number | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;
  #dueSince: number | undefined;

  constructor(heap: Heap = ownHeap, now = () => performance.now()) {
    this.#heap = heap;
    this.#now = now;
  }

  /**
   * Called between requests: collects while nobody waits, if there is reason to.
   *
   * @returns milliseconds after which it is worth calling again, −1 for never
   */
  tend(isIdle: boolean): number {
    const now = this.#now();
    if (this.#dueSince === undefined && now >= this.#lookAt) {
      this.#lookAt = now + lookMs;
      if (this.#hasGrown()) this.#dueSince = now;
    }
    if (this.#dueSince === undefined) return -1;
    if (!isIdle && now < this.#dueSince + patienceMs) return quietMs;
    this.#dueSince = undefined;
    this.#heap.collect();
    this.#level = this.#heap.old();
    return -1;
  }

  #hasGrown(): boolean {
    const old = this.#heap.old();
    this.#level ??= old;
    return old >= this.#level + mostGrown;
  }
}

/** This thread's. */
const ownHeap: Heap = {
  old: () =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => !space_name.startsWith('new_'))
      .reduce((sum, space) => sum + space.space_used_size, 0),
  collect: collectGarbage,
};
