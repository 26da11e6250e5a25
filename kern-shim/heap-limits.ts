import type { ResourceLimits } from 'node:worker_threads';

/** A thread of the shim lives on a third of that. */
const smallMiB = 16;

/**
 * How large the heap of a thread of the shim may get. Where `BPFILTER_SMALL_HEAP` is set, by drills that look for growth, what nobody
 * needs is looked for early: otherwise V8 lets it lie until there are tens of MiB of it.
 *
 * @param youngMiB for objects that have just been made
 */
export function heapLimits(youngMiB: number): ResourceLimits {
  const isSmall = process.env.BPFILTER_SMALL_HEAP !== undefined;
  return { maxYoungGenerationSizeMb: youngMiB, ...(isSmall ? { maxOldGenerationSizeMb: smallMiB } : {}) };
}
