import type { NftStatement, NftValue } from '../nft/json.ts';

/** IPS_* (linux/netfilter/nf_conntrack_common.h) that iptables or this project names. */
export const conntrackStatus = {
  expected: 0x01,
  seenReply: 0x02,
  assured: 0x04,
  confirmed: 0x08,
  sourceNat: 0x10,
  destinationNat: 0x20,
} as const;

const printed = [
  [conntrackStatus.expected, 'EXPECTED'],
  [conntrackStatus.seenReply, 'SEEN_REPLY'],
  [conntrackStatus.assured, 'ASSURED'],
  [conntrackStatus.confirmed, 'CONFIRMED'],
] as const;

const nftNames = [
  [conntrackStatus.expected, 'expected'],
  [conntrackStatus.seenReply, 'seen-reply'],
  [conntrackStatus.assured, 'assured'],
  [conntrackStatus.confirmed, 'confirmed'],
  [conntrackStatus.sourceNat, 'snat'],
  [conntrackStatus.destinationNat, 'dnat'],
] as const;

/** The bits of a mask as iptables lists them, with a leading space (libxt_conntrack.c, print_status). */
export function statusText(mask: number): string {
  if (mask === 0) return ' NONE';
  const names = printed.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? '' : ` ${names.join(',')}`;
}

/** The entry's status has one of these bits (`some`) or none of them. Packets without an entry never match. */
export function statusHas(mask: number, some: boolean): NftStatement {
  return { match: { op: some ? '!=' : '==', left: { '&': [{ ct: { key: 'status' } }, bits(mask)] }, right: 0 } };
}

/** Names for a mask of named bits, else its number. */
function bits(mask: number): NftValue {
  const named = nftNames.filter(([bit]) => (mask & bit) !== 0);
  if (named.reduce((sum, [bit]) => sum | bit, 0) !== mask) return mask;
  return named.map(([, name]) => name);
}
