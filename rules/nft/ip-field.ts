import type { NftExpression, NftStatement } from './json.ts';

/** The whole TOS byte, its first six bits, its last two, and the TTL. */
export type IpField = 'tos' | 'dscp' | 'ecn' | 'ttl';

/** Where a field's byte lies in the IPv4 header, and its bits in that byte. */
const places: Readonly<Record<IpField, { readonly offset: number; readonly mask: number }>> = {
  tos: { offset: 8, mask: 0xff },
  dscp: { offset: 8, mask: 0xfc },
  ecn: { offset: 8, mask: 0x03 },
  ttl: { offset: 64, mask: 0xff },
};

const checksumField: NftExpression = { payload: { base: 'nh', offset: 80, len: 16 } };

/**
 * Sets a field of the IPv4 header to `value` (its bits in their place in the byte) as the kernel's own targets
 * do it: only where it differs, with the header's checksum brought up to date. Must be a rule's last
 * statements: a packet that holds the value already leaves the rule at the first of them.
 *
 * nft writes by name only constants, and has the checksum follow; what it writes to a raw offset leaves the
 * checksum alone. A checksum that comes out as 0 it stores as 0xffff (net/netfilter/nft_payload.c,
 * nft_csum_replace), which the targets never do (csum_replace2, ipv4_change_dsfield): the last two put that right.
 */
export function setIpField(field: IpField, value: number): readonly NftStatement[] {
  return [differs(field, value), ...writes(field, value), ...settledChecksum];
}

/** Puts a checksum right that nft has brought up to date: a rule's last statements. */
export const settledChecksum: readonly NftStatement[] = [
  // masked, lest nft merges it with a test of the protocol beside it (pin.ts)
  { match: { op: '==', left: { '&': [checksumField, 0xffff] }, right: 0xffff } },
  { mangle: { key: checksumField, value: 0 } },
];

/** A test of some bits of the field's byte. */
export function ipBits(field: IpField, mask: number, value: number): NftStatement {
  return { match: { op: '==', left: { '&': [payloadOf(field), mask] }, right: value } };
}

/** A test of the field's whole byte: a range, for the reason at `differs`. */
export function ipByte(field: IpField, value: number): NftStatement {
  return { match: { op: '==', left: payloadOf(field), right: { range: [value, value] } } };
}

/**
 * Some bits of the field's byte, all of the field's unless given, aren't `value`. Masked, or a range, lest nft merges
 * it with its neighbours; of the whole byte nft lists a masked test wrongly.
 */
export function differs(field: IpField, value: number, mask = places[field].mask): NftStatement {
  const left = payloadOf(field);
  if (field === 'tos' && mask === 0xff) return { match: { op: '!=', left, right: { range: [value, value] } } };
  return { match: { op: '!=', left: { '&': [left, mask] }, right: value } };
}

function payloadOf(field: IpField): NftExpression {
  return { payload: { base: 'nh', offset: places[field].offset, len: 8 } };
}

function writes(field: IpField, value: number): readonly NftStatement[] {
  const write = (name: string, number: number): NftStatement => ({
    mangle: { key: { payload: { protocol: 'ip', field: name } }, value: number },
  });
  switch (field) {
    case 'tos':
      return [write('dscp', value >> 2), write('ecn', value & 3)];
    case 'dscp':
      return [write('dscp', value >> 2)];
    case 'ecn':
      return [write('ecn', value)];
    case 'ttl':
      return [write('ttl', value)];
    default:
      return field satisfies never;
  }
}
