import { be16, be32, bytes, defineStruct, type StructOptions, u16, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';

/** union nf_inet_addr: of its 16 bytes IPv4 has the first four. */
const address = { ip: be32, rest: bytes(12) } as const;
/** union hmark_ports: two ports, or the 32 bits of an SPI. */
const ports = { source: be16, destination: be16 } as const;
const aligned: StructOptions = { align: 4 };
const xt_hmark_info = defineStruct('xt_hmark_info', 'linux/netfilter/xt_HMARK.h', {
  src_mask: defineStruct('nf_inet_addr', 'linux/netfilter.h', address),
  dst_mask: defineStruct('nf_inet_addr', 'linux/netfilter.h', address),
  port_mask: defineStruct('hmark_ports', 'linux/netfilter/xt_HMARK.h', ports, aligned),
  port_set: defineStruct('hmark_ports', 'linux/netfilter/xt_HMARK.h', ports, aligned),
  flags: u32,
  proto_mask: u16,
  hashrnd: u32,
  hmodulus: u32,
  hoffset: u32,
});

/** XT_HMARK_*, as bits: which fields were given. */
export const hmarkFlag = {
  sourceMask: 1 << 0,
  destinationMask: 1 << 1,
  spi: 1 << 2,
  spiMask: 1 << 3,
  sport: 1 << 4,
  dport: 1 << 5,
  sportMask: 1 << 6,
  dportMask: 1 << 7,
  protoMask: 1 << 8,
  random: 1 << 9,
  modulus: 1 << 10,
  offset: 1 << 11,
  conntrack: 1 << 12,
  layer3: 1 << 13,
} as const;

const WHY = "HMARK: nft's hashes are others";

export interface HmarkPorts {
  readonly source: number;
  readonly destination: number;
}

export interface HmarkTargetInfo {
  /** Bits of `hmarkFlag`. */
  readonly flags: number;
  /** Masks over the addresses, as host-order numbers. */
  readonly sourceMask: number;
  readonly destinationMask: number;
  /** Ports, or together the two halves of an SPI: kept by the mask, then set. */
  readonly portMask: HmarkPorts;
  readonly portSet: HmarkPorts;
  readonly protoMask: number;
  readonly random: number;
  /** The mark is the hash scaled to this many values, and `offset` more. */
  readonly modulus: number;
  readonly offset: number;
}

/** HMARK, revision 0 (net/netfilter/xt_HMARK.c; libxt_HMARK.c): the packet's mark from a hash of its flow. */
export const hmarkTarget = defineTarget<HmarkTargetInfo>({
  name: 'HMARK',
  revisions: { 0: { size: xt_hmark_info.size, decode, encode } },
  coverage: { none: WHY },
  examples: [
    '-j HMARK --hmark-tuple src,dst --hmark-mod {1-100} --hmark-rnd {mark}',
    '-j HMARK --hmark-tuple src,dst,sport,dport --hmark-mod {1-100} --hmark-rnd {mark} --hmark-offset {u16}',
    '-j HMARK --hmark-src-prefix {1-32} --hmark-dst-prefix {1-32} --hmark-mod {1-100} --hmark-rnd {mark}',
    '-j HMARK --hmark-sport-mask 0x00ff --hmark-dport-mask 0xff00 --hmark-proto-mask 0xff --hmark-mod 7 --hmark-rnd {mark}',
    '-j HMARK --hmark-sport {port} --hmark-dport {port} --hmark-mod {1-100} --hmark-rnd {mark}',
    '-j HMARK --hmark-spi-mask {u32} --hmark-mod {1-100} --hmark-rnd {mark}',
    '-j HMARK --hmark-spi {u32} --hmark-mod {1-100} --hmark-rnd {mark}',
    '-j HMARK --hmark-tuple ct --hmark-mod {1-100} --hmark-rnd {mark}',
  ],
  placement: {},
  check({ flags, modulus, protoMask }) {
    const has = (wanted: number): boolean => (flags & wanted) !== 0;
    const { layer3, spi, spiMask, sport, dport, sportMask, dportMask } = hmarkFlag;
    if (modulus === 0) refuse('HMARK: modulus 0');
    if (protoMask !== 0 && has(layer3)) refuse('HMARK: a mask for the protocol, where only addresses are hashed');
    if (has(spiMask) && has(sportMask | dportMask)) refuse('HMARK: masks for an SPI and for ports');
    if (has(spi) && has(sport | dport)) refuse('HMARK: an SPI and ports');
  },
  print,
  save,
  nft: () => cannotExpress(WHY),
});

function decode(data: Uint8Array): HmarkTargetInfo {
  const info = xt_hmark_info.read(data);
  return {
    flags: info.flags,
    sourceMask: info.src_mask.ip,
    destinationMask: info.dst_mask.ip,
    portMask: info.port_mask,
    portSet: info.port_set,
    protoMask: info.proto_mask,
    random: info.hashrnd,
    modulus: info.hmodulus,
    offset: info.hoffset,
  };
}

function encode(info: HmarkTargetInfo): Uint8Array {
  const rest = new Uint8Array(12);
  return xt_hmark_info.write({
    src_mask: { ip: info.sourceMask, rest },
    dst_mask: { ip: info.destinationMask, rest },
    port_mask: info.portMask,
    port_set: info.portSet,
    flags: info.flags,
    proto_mask: info.protoMask,
    hashrnd: info.random,
    hmodulus: info.modulus,
    hoffset: info.offset,
  });
}

/** A text for each field whose flag is set, in order. */
function given(flags: number, texts: readonly (readonly [flag: number, text: string])[]): string {
  return texts.map(([flag, text]) => ((flags & flag) === 0 ? '' : text)).join('');
}

function print(info: HmarkTargetInfo): string {
  const flag = hmarkFlag;
  return ` HMARK ${given(info.flags, [
    [flag.modulus, `mod ${info.modulus} `],
    [flag.offset, `+ ${hex(info.offset)} `],
    [flag.conntrack, 'ct, '],
    [flag.sourceMask, `src-prefix ${prefixLength(info.sourceMask) >>> 0} `],
    [flag.destinationMask, `dst-prefix ${prefixLength(info.destinationMask) >>> 0} `],
    [flag.sportMask, `sport-mask ${hex(info.portMask.source)} `],
    [flag.dportMask, `dport-mask ${hex(info.portMask.destination)} `],
    [flag.spiMask, `spi-mask ${hex(spi(info.portMask))} `],
    [flag.sport, `sport ${hex(info.portSet.source)} `],
    [flag.dport, `dport ${hex(info.portSet.destination)} `],
    [flag.spi, `spi ${hex(spi(info.portSet))} `],
    [flag.protoMask, `proto-mask ${hex(info.protoMask)} `],
    [flag.random, `rnd ${hex(info.random)} `],
  ])}`;
}

function save(info: HmarkTargetInfo): string {
  const flag = hmarkFlag;
  return given(info.flags, [
    [flag.sourceMask, ` --hmark-src-prefix ${prefixLength(info.sourceMask)}`],
    [flag.destinationMask, ` --hmark-dst-prefix ${prefixLength(info.destinationMask)}`],
    [flag.sportMask, ` --hmark-sport-mask ${hex(info.portMask.source, 4)}`],
    [flag.dportMask, ` --hmark-dport-mask ${hex(info.portMask.destination, 4)}`],
    [flag.spiMask, ` --hmark-spi-mask ${hex(spi(info.portMask), 8)}`],
    [flag.sport, ` --hmark-sport ${hex(info.portSet.source, 4)}`],
    [flag.dport, ` --hmark-dport ${hex(info.portSet.destination, 4)}`],
    [flag.spi, ` --hmark-spi ${hex(spi(info.portSet), 8)}`],
    [flag.protoMask, ` --hmark-proto-mask ${hex(info.protoMask, 2)}`],
    [flag.random, ` --hmark-rnd ${hex(info.random, 8)}`],
    [flag.modulus, ` --hmark-mod ${info.modulus}`],
    [flag.offset, ` --hmark-offset ${info.offset}`],
    [flag.conntrack, ' --hmark-tuple ct'],
  ]);
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function spi({ source, destination }: HmarkPorts): number {
  return source * 0x10000 + destination;
}

/** -1 for a mask that is no prefix (xtables_ipmask_to_cidr). */
function prefixLength(mask: number): number {
  const length = Math.clz32(~mask >>> 0);
  return (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) === mask ? length : -1;
}
