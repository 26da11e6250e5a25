import { LIMIT_SCALE } from './units.ts';

/**
 * The kernel's CONFIG_HZ. It enters only through credits, whose number a second is the same (32,000) at
 * 250 and 1,000 ticks, 25,600 at 100 and 38,400 at 300.
 */
const TICKS_PER_SECOND = 250;

const U32 = 2 ** 32;

/** Credits a limit earns in a second: HZ × CREDITS_PER_JIFFY (net/netfilter/xt_limit.c). */
export function creditsPerSecond(ticks: number = TICKS_PER_SECOND): number {
  const most = Math.floor((U32 - 1) / (ticks * 60 * 60 * 24)); // MAX_CPJ: a day must fit u32
  return ticks * 2 ** Math.floor(Math.log2(most)); // POW2_BELOW32
}

/**
 * Time in 1/10,000 s as credits (user2credits), in u32 arithmetic that wraps like the kernel's. Long times
 * are cut to whole seconds, so that 3/second with a burst of 100 lets 99 packets through at once.
 */
export function toCredits(time: number, ticks: number = TICKS_PER_SECOND): number {
  const second = creditsPerSecond(ticks);
  if (time > Math.floor((U32 - 1) / second)) return (Math.floor(time / LIMIT_SCALE) * second) % U32;
  return Math.floor((time * second) / LIMIT_SCALE);
}

/** u32 product, wrapping. */
export function multiplyU32(a: number, b: number): number {
  return Math.imul(a, b) >>> 0;
}
