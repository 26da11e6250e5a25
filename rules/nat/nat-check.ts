import { refuse } from '../extension.ts';
import { type NatRange, natFlag } from './nat-range.ts';

/** Revision 0 must say that it has one range (xt_nat.c, xt_nat_checkentry_v0; the other targets likewise). */
export function checkOneRange(name: string, { rangesize }: NatRange): void {
  if (rangesize !== 1) refuse(`${name}: wanted 1 range, found ${rangesize}`);
}

/** Targets that find the address themselves take none (xt_MASQUERADE.c, xt_REDIRECT.c), and check this first. */
export function checkNoAddress(name: string, { flags }: NatRange): void {
  if ((flags & natFlag.MAP_IPS) !== 0) refuse(`${name}: takes no address`);
}
