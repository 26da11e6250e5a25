import { refuse } from '../extension.ts';

/** Refuses flags outside `known`, as the kernel's checks do (EINVAL). */
export function checkFlags(extension: string, flags: number, known: number): void {
  if ((flags & ~known) !== 0) refuse(`${extension}: unknown flags 0x${flags.toString(16)}`);
}

/** Refuses inversion flags outside `mask`, as the kernel's checks do (EINVAL). */
export function checkInvertFlags(match: string, invflags: number, mask: number): void {
  if ((invflags & ~mask) !== 0)
    refuse(`${match}: unknown invflags 0x${invflags.toString(16)}, known are 0x${mask.toString(16)}`);
}

/** What iptables prints for such flags. */
export function printUnknownFlags(invflags: number, mask: number): string {
  const unknown = invflags & ~mask;
  return unknown === 0 ? '' : ` Unknown invflags: 0x${unknown.toString(16).toUpperCase()}`;
}
