import { BpfilterError } from '../../protocol/error.ts';
import { be16, bytes, defineStruct, type Struct, u8, u16, u32, type ValueOf } from '../../protocol/struct.ts';
import type { Revision } from '../extension.ts';

/** Bits of match_flags and invert_flags: XT_CONNTRACK_* (linux/netfilter/xt_conntrack.h). */
export const conntrackFlag = {
  state: 0x0001,
  protocol: 0x0002,
  origsrc: 0x0004,
  origdst: 0x0008,
  replsrc: 0x0010,
  repldst: 0x0020,
  status: 0x0040,
  expires: 0x0080,
  origsrcPort: 0x0100,
  origdstPort: 0x0200,
  replsrcPort: 0x0400,
  repldstPort: 0x0800,
  /** Inverted: the reply direction. */
  direction: 0x1000,
  /** Written as `-m state --state`; the kernel doesn't look at it. */
  stateAlias: 0x2000,
} as const;

/** The ends of a connection's two tuples, in the kernel's order. */
export const endpoints = ['origsrc', 'origdst', 'replsrc', 'repldst'] as const;
export type Endpoint = (typeof endpoints)[number];

/** union nf_inet_addr twice: 16 bytes each, an IPv4 address in the first four. */
export interface MaskedAddress {
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

/** Ports, or what stands in their place (ICMP id, type and code; GRE key), both ends included. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** What the three revisions say, in the widest form. */
export interface ConntrackInfo {
  readonly addresses: Readonly<Record<Endpoint, MaskedAddress>>;
  readonly ports: Readonly<Record<Endpoint, PortRange>>;
  /** Seconds left, both ends included. */
  readonly expires: { readonly min: number; readonly max: number };
  /** u16 in the struct: values past 255 are no protocol. */
  readonly protocol: number;
  readonly matchFlags: number;
  readonly invertFlags: number;
  readonly states: number;
  readonly statuses: number;
}

const header = 'linux/netfilter/xt_conntrack.h';
const beforePorts = {
  origsrc_addr: bytes(16),
  origsrc_mask: bytes(16),
  origdst_addr: bytes(16),
  origdst_mask: bytes(16),
  replsrc_addr: bytes(16),
  replsrc_mask: bytes(16),
  repldst_addr: bytes(16),
  repldst_mask: bytes(16),
  expires_min: u32,
  expires_max: u32,
  l4proto: u16,
} as const;
const singlePorts = { origsrc_port: be16, origdst_port: be16, replsrc_port: be16, repldst_port: be16 } as const;
const flags = { match_flags: u16, invert_flags: u16 } as const;

const mtinfo1 = defineStruct('xt_conntrack_mtinfo1', header, {
  ...beforePorts,
  ...singlePorts,
  ...flags,
  state_mask: u8,
  status_mask: u8,
});
const mtinfo2 = defineStruct('xt_conntrack_mtinfo2', header, {
  ...beforePorts,
  ...singlePorts,
  ...flags,
  state_mask: u16,
  status_mask: u16,
});
const mtinfo3 = defineStruct('xt_conntrack_mtinfo3', header, {
  ...beforePorts,
  origsrc_port: u16,
  origdst_port: u16,
  replsrc_port: u16,
  repldst_port: u16,
  ...flags,
  state_mask: u16,
  status_mask: u16,
  origsrc_port_high: u16,
  origdst_port_high: u16,
  replsrc_port_high: u16,
  repldst_port_high: u16,
});

type Raw2 = ValueOf<typeof mtinfo2>;

/** Reads and writes of the three revisions: 1 has masks of 8 bits, 1 and 2 one port where 3 has a range. */
export const conntrackRevisions: Readonly<Record<1 | 2 | 3, Revision<ConntrackInfo>>> = {
  1: singlePortRevision(mtinfo1),
  2: singlePortRevision(mtinfo2),
  3: {
    size: mtinfo3.size,
    decode(data) {
      const raw = mtinfo3.read(data);
      return fromRaw(raw, (end) => ({ low: raw[`${end}_port`], high: raw[`${end}_port_high`] }));
    },
    encode: (info) =>
      mtinfo3.write({
        ...toRaw(info, (range) => range.low),
        origsrc_port_high: info.ports.origsrc.high,
        origdst_port_high: info.ports.origdst.high,
        replsrc_port_high: info.ports.replsrc.high,
        repldst_port_high: info.ports.repldst.high,
      }),
  },
};

function singlePortRevision(struct: Struct<Raw2>): Revision<ConntrackInfo> {
  return {
    size: struct.size,
    decode(data) {
      const raw = struct.read(data);
      return fromRaw(raw, (end) => ({ low: raw[`${end}_port`], high: raw[`${end}_port`] }));
    },
    encode: (info) => struct.write(toRaw(info, onePort)),
  };
}

function onePort({ low, high }: PortRange): number {
  if (low !== high) throw new BpfilterError('malformed', `conntrack: wanted a single port, found ${low}:${high}`);
  return low;
}

function fromRaw(raw: Raw2, ports: (end: Endpoint) => PortRange): ConntrackInfo {
  const each = <T>(value: (end: Endpoint) => T): Readonly<Record<Endpoint, T>> => ({
    origsrc: value('origsrc'),
    origdst: value('origdst'),
    replsrc: value('replsrc'),
    repldst: value('repldst'),
  });
  return {
    addresses: each((end) => ({ address: raw[`${end}_addr`], mask: raw[`${end}_mask`] })),
    ports: each(ports),
    expires: { min: raw.expires_min, max: raw.expires_max },
    protocol: raw.l4proto,
    matchFlags: raw.match_flags,
    invertFlags: raw.invert_flags,
    states: raw.state_mask,
    statuses: raw.status_mask,
  };
}

function toRaw({ addresses, ports, ...info }: ConntrackInfo, port: (range: PortRange) => number): Raw2 {
  return {
    origsrc_addr: addresses.origsrc.address,
    origsrc_mask: addresses.origsrc.mask,
    origdst_addr: addresses.origdst.address,
    origdst_mask: addresses.origdst.mask,
    replsrc_addr: addresses.replsrc.address,
    replsrc_mask: addresses.replsrc.mask,
    repldst_addr: addresses.repldst.address,
    repldst_mask: addresses.repldst.mask,
    expires_min: info.expires.min,
    expires_max: info.expires.max,
    l4proto: info.protocol,
    origsrc_port: port(ports.origsrc),
    origdst_port: port(ports.origdst),
    replsrc_port: port(ports.replsrc),
    repldst_port: port(ports.repldst),
    match_flags: info.matchFlags,
    invert_flags: info.invertFlags,
    state_mask: info.states,
    status_mask: info.statuses,
  };
}
