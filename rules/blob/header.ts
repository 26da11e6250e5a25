import { IPT_F_MASK, IPT_INV_MASK, ipt_ip } from '../../protocol/ip-tables.ts';
import type { HeaderMatch } from '../ir.ts';

/** struct ipt_ip (linux/netfilter_ipv4/ip_tables.h): what every IPv4 rule tests itself. */
const { flags, invflags } = ipt_ip.offsets;

/** ip_checkentry (net/ipv4/netfilter/ip_tables.c): what is wrong with the header at `offset`, or undefined. */
export function headerProblem(bytes: Uint8Array, offset: number): string | undefined {
  const flag = bytes[offset + flags] ?? 0;
  if ((flag & ~IPT_F_MASK) !== 0) return `flags within ${hex(IPT_F_MASK)} expected, found ${hex(flag)}`;
  const inverted = bytes[offset + invflags] ?? 0;
  if ((inverted & ~IPT_INV_MASK) !== 0)
    return `inverse flags within ${hex(IPT_INV_MASK)} expected, found ${hex(inverted)}`;
  return undefined;
}

/** Reads the header at `offset`; every bit is kept. */
export function decodeHeader(bytes: Uint8Array, offset: number): HeaderMatch {
  const ip = ipt_ip.read(bytes, offset);
  return {
    source: ip.src,
    sourceMask: ip.smsk,
    destination: ip.dst,
    destinationMask: ip.dmsk,
    inInterface: { name: ip.iniface, mask: ip.iniface_mask },
    outInterface: { name: ip.outiface, mask: ip.outiface_mask },
    protocol: ip.proto,
    flags: ip.flags,
    inverted: ip.invflags,
  };
}

/** The struct's bytes. Throws `malformed` for a value that doesn't fit its field. */
export function encodeHeader(header: HeaderMatch): Uint8Array {
  return ipt_ip.write({
    src: header.source,
    dst: header.destination,
    smsk: header.sourceMask,
    dmsk: header.destinationMask,
    iniface: header.inInterface.name,
    outiface: header.outInterface.name,
    iniface_mask: header.inInterface.mask,
    outiface_mask: header.outInterface.mask,
    proto: header.protocol,
    flags: header.flags,
    invflags: header.inverted,
  });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
