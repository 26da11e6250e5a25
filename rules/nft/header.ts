import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import type { HeaderMatch } from '../ir.ts';
import type { Condition } from './condition.ts';
import { isFirst, isFragment } from './fragment.ts';
import { interfaceTest } from './interface.ts';
import type { NftExpression } from './json.ts';

/**
 * The header of a rule (struct ipt_ip) as tests, exactly as ip_packet_match
 * (net/ipv4/netfilter/ip_tables.c) decides. None of them reads what a target can change and then go on.
 * IPT_INV_TOS is tested by nothing. Throws `not-expressible` for interface masks and names that nft
 * doesn't have.
 */
export function compileHeader(header: HeaderMatch): Condition {
  const not = (flag: number) => (header.inverted & flag) !== 0;
  const { source, sourceMask, destination, destinationMask } = header;
  const parts: readonly Condition[] = [
    addressTest('saddr', source, sourceMask, not(IPT_INV_SRCIP)),
    addressTest('daddr', destination, destinationMask, not(IPT_INV_DSTIP)),
    interfaceTest('iif', header.inInterface, not(IPT_INV_VIA_IN)),
    interfaceTest('oif', header.outInterface, not(IPT_INV_VIA_OUT)),
    protocolTest(header.protocol, not(IPT_INV_PROTO)),
    fragmentTest((header.flags & IPT_F_FRAG) !== 0, not(IPT_INV_FRAG)),
  ];
  return parts.includes('never') ? 'never' : parts.flatMap((part) => (part === 'never' ? [] : part));
}

/** `(address & mask) == value`: never where the value has bits that the mask takes away. */
function addressTest(field: 'saddr' | 'daddr', value: number, mask: number, inverted: boolean): Condition {
  if ((value & ~mask) !== 0) return inverted ? [] : 'never';
  if (mask === 0) return inverted ? 'never' : [];
  const op = inverted ? '!=' : '==';
  const address: NftExpression = { payload: { protocol: 'ip', field } };
  const length = prefixLength(mask);
  if (length === undefined) {
    return [{ match: { op, left: { '&': [address, dottedQuad(mask)] }, right: dottedQuad(value) } }];
  }
  const right = length === 32 ? dottedQuad(value) : { prefix: { addr: dottedQuad(value), len: length } };
  return [{ match: { op, left: address, right } }];
}

/** Bits of a mask that is a prefix; undefined for any other. */
function prefixLength(mask: number): number | undefined {
  const length = Math.clz32(~mask);
  return (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) === mask >>> 0 ? length : undefined;
}

function dottedQuad(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** 0 is any, inverted too. The field of the blob has 16 bits, the packet's has 8. */
function protocolTest(protocol: number, inverted: boolean): Condition {
  if (protocol === 0) return [];
  if (protocol > 0xff) return inverted ? [] : 'never';
  return [{ match: { op: inverted ? '!=' : '==', left: { meta: { key: 'l4proto' } }, right: protocol } }];
}

/** The inversion alone, without `-f`, holds for no packet. */
function fragmentTest(wanted: boolean, inverted: boolean): Condition {
  if (!wanted) return inverted ? 'never' : [];
  return [inverted ? isFirst : isFragment];
}
