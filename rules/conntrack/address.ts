import type { NftExpression, NftStatement } from '../nft/json.ts';
import { dottedQuad, prefixLength } from '../text/address.ts';
import type { Endpoint, MaskedAddress } from './info.ts';

const keys: Readonly<Record<Endpoint, NftExpression>> = {
  origsrc: { ct: { key: 'ip saddr', dir: 'original' } },
  origdst: { ct: { key: 'ip daddr', dir: 'original' } },
  replsrc: { ct: { key: 'ip saddr', dir: 'reply' } },
  repldst: { ct: { key: 'ip daddr', dir: 'reply' } },
};

/** An IPv4 address and its mask, as host-order numbers. */
export function ipv4Of({ address, mask }: MaskedAddress): { readonly address: number; readonly mask: number } {
  const read = (from: Uint8Array): number => new DataView(from.buffer, from.byteOffset, from.byteLength).getUint32(0);
  return { address: read(address), mask: read(mask) };
}

/** Both agree in the mask's bits (conntrack_addrcmp): a test of the entry, or what it always is. */
export function addressTest(end: Endpoint, masked: MaskedAddress, inverted: boolean): NftStatement | boolean {
  const { address, mask } = ipv4Of(masked);
  if (mask === 0) return !inverted;
  const op = inverted ? '!=' : '==';
  const left = keys[end];
  const right = dottedQuad((address & mask) >>> 0);
  const length = prefixLength(mask);
  if (length === 32) return { match: { op, left, right } };
  if (length !== undefined) return { match: { op, left, right: { prefix: { addr: right, len: length } } } };
  return { match: { op, left: { '&': [left, dottedQuad(mask)] }, right } };
}
