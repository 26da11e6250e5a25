import os from 'node:os';

/** Whether the running kernel calls itself this version or a later one; for what can't be asked for in another way. */
export function isKernelSince(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = os
    .release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
