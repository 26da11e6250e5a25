import { cannotExpress } from '../../../rules/extension.ts';
import { creditsPerSecond } from '../../../rules/rate/credits.ts';
import { ticksPerSecond } from '../../../sys/clock-resolution.ts';

/**
 * What a limit gains in each of the kernel's ticks. The credits that rules were given are those of kernels with 250 or
 * 1,000 ticks a second; throws `not-expressible` for others.
 */
export function creditsPerTick(): number {
  const ticks = ticksPerSecond();
  if (creditsPerSecond(ticks) !== creditsPerSecond())
    cannotExpress(`limit: the kernel ticks ${ticks} times a second, for which a BPF program here knows no credits`);
  return creditsPerSecond(ticks) / ticks;
}
