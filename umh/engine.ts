import { setFlagsFromString } from 'node:v8';

/** Flags, and what takes each back: V8 takes compiled code only with the flags that it was made by (scripts/code-cache.ts). */
export const engineFlags = {
  '--always-sparkplug': '--no-always-sparkplug',
  '--no-lazy-feedback-allocation': '--lazy-feedback-allocation',
} as const;

/**
 * How V8 is to run what comes from here on. By these flags functions are compiled when they are first called, and
 * optimised sooner: most of a request's code runs a few times only, and a driver's first changes take a quarter less of the
 * processor.
 *
 * Not on node's command line: any flag of V8's there has node refuse the compiled form of its own modules that it brings along, and
 * a start takes longer (docs/performance.md).
 *
 * @param smallHeap keeps the young generation as small as it begins
 */
export function tuneEngine(smallHeap: boolean): void {
  for (const flag of Object.keys(engineFlags)) setFlagsFromString(flag);
  if (smallHeap) setFlagsFromString('--semi-space-growth-factor=1');
}
