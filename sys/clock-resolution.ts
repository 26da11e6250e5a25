import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const clockGetres = cFunction('clock_getres', ['int', 'void *']);

/** include/uapi/linux/time.h: a clock that only the kernel's timer interrupt sets. */
const CLOCK_MONOTONIC_COARSE = 6;

/** How often the kernel's jiffies count on in a second: its CONFIG_HZ, which that clock's resolution tells. */
export function ticksPerSecond(): number {
  const timespec = Buffer.alloc(16);
  check(clockGetres()(CLOCK_MONOTONIC_COARSE, timespec), 'clock_getres', 'CLOCK_MONOTONIC_COARSE');
  return Math.round(1e9 / Number(timespec.readBigInt64LE(8)));
}
