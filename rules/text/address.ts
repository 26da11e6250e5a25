import type { Names } from '../extension.ts';

/** "192.0.2.1" for a host-order u32. */
export function dottedQuad(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Length of the prefix that a mask is, or undefined when its ones aren't contiguous from the top. */
export function prefixLength(mask: number): number | undefined {
  const ones = Math.clz32(~mask);
  return (ones === 0 ? 0 : (-1 << (32 - ones)) >>> 0) === mask >>> 0 ? ones : undefined;
}

/**
 * An address with its mask as `iptables -L` shows it: "anywhere" for an empty mask unless numeric,
 * the mask as a prefix length where it is one, nothing for a whole address.
 */
export function listedAddress(address: number, mask: number, numeric: boolean, names: Names): string {
  if (mask === 0 && !numeric) return 'anywhere';
  const text = (numeric ? undefined : names.address(address)) ?? dottedQuad(address);
  const length = prefixLength(mask);
  if (length === 32) return text;
  return `${text}/${length ?? dottedQuad(mask)}`;
}

/** An address with its mask as `iptables -S` writes it (` -s 10.0.0.0/8`); "" when any address will do. */
export function savedAddress(option: '-s' | '-d', address: number, mask: number, inverted: boolean): string {
  if (address === 0 && mask === 0 && !inverted) return '';
  return `${inverted ? ' !' : ''} ${option} ${dottedQuad(address)}/${prefixLength(mask) ?? dottedQuad(mask)}`;
}
