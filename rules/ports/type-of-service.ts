import type { Condition } from './number-range.ts';

/**
 * Whether bits of the header's second byte (type of service, or DSCP and ECN) have a value. Masked, so nft
 * neither merges nor moves it (nft/pin.ts). A value outside of the mask can't be met.
 */
export function serviceBits(mask: number, value: number, inverted: boolean): Condition {
  if (mask === 0 || (value & ~mask) !== 0) return (mask === 0 && value === 0) !== inverted ? [] : 'never';
  const left = { '&': [{ payload: { base: 'nh', offset: 8, len: 8 } }, mask] } as const;
  return [{ match: { op: inverted ? '!=' : '==', left, right: value } }];
}
