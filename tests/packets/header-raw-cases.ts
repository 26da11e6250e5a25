import type { PacketCase } from './case.ts';
import { dccpPackets } from './chunk-cases.ts';
import { lengthPackets, rangePackets, servicePackets, ttlPackets } from './ip-field-cases.ts';
import { inEveryShape, octets, others } from './octets.ts';
import { fragments, truncated } from './odd-packets.ts';
import type { Sent } from './packet.ts';
import { everyWay, icmpProbes, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { type RawRule, rawMatch } from './raw-rule.ts';
import { routedPackets } from './route-cases.ts';
import { mssPackets } from './tcpmss-cases.ts';

const TCP = 6;
const DCCP = 33;
const UDPLITE = 136;

const everything = [
  ...everyWay([...tcpProbes, ...udpProbes, ...icmpProbes.slice(0, 4), ...mixedProbes]),
  ...servicePackets,
  ...ttlPackets,
  ...rangePackets,
  ...fragments,
  ...truncated,
];

/** A rule alone in every chain, from bytes that iptables doesn't make. */
function raw(title: string, rule: RawRule, packets: readonly Sent[]): PacketCase {
  return { title, steps: [{ rules: [rule] }, { send: packets }] };
}

const range = [10 << 24, (10 << 24) | 0x01_0005].map((ip) => ({ ip, rest: new Uint8Array(12) })) as [
  { ip: number; rest: Uint8Array },
  { ip: number; rest: Uint8Array },
];
const blank = { ip: 0, rest: new Uint8Array(12) };
const udpliteHeaders = ['04000050', '00500400', '00000000', 'ffffffff', '00510051'].map((ports) =>
  octets(UDPLITE, `${ports} 0008 1234 aabbccddeeff00112233`),
);
const udplitePackets = [...inEveryShape(udpliteHeaders, 8), ...others];
const anyPort = [0, 0xffff] as const;

/** What iptables has no words for: odd inversions, unknown modes, UDP-Lite. */
export const headerRawCases: readonly PacketCase[] = [
  ...[
    { spts: anyPort, dpts: [80, 80], invflags: 0 },
    { spts: anyPort, dpts: [80, 80], invflags: 2 },
    { spts: [1, 1024], dpts: [80, 81], invflags: 0 },
    { spts: [80, 80], dpts: [80, 80], invflags: 3 },
    { spts: anyPort, dpts: anyPort, invflags: 0 },
    { spts: anyPort, dpts: anyPort, invflags: 1 },
    { spts: [9, 3], dpts: anyPort, invflags: 1 },
  ].map((info) =>
    raw(
      `udplite ${JSON.stringify(info)}`,
      { protocol: UDPLITE, matches: [rawMatch('udplite', 0, info)] },
      udplitePackets,
    ),
  ),
  ...[
    { mode: 4, ttl: 64 },
    { mode: 255, ttl: 64 },
  ].map((info) => raw(`ttl ${JSON.stringify(info)}`, { matches: [rawMatch('ttl', 0, info)] }, everything)),
  ...[
    { tos_mask: 0xff, tos_value: 0x10, invert: 2 },
    { tos_mask: 0, tos_value: 1, invert: 0 },
    { tos_mask: 0, tos_value: 1, invert: 255 },
  ].map((info) => raw(`tos ${JSON.stringify(info)}`, { matches: [rawMatch('tos', 1, info)] }, everything)),
  raw('dscp inverted by 7', { matches: [rawMatch('dscp', 0, { dscp: 4, invert: 7 })] }, everything),
  ...[
    { operation: 1, invert: 0, ip_ect: 4, ect: 0 },
    { operation: 1, invert: 1, ip_ect: 4, ect: 9 },
    { operation: 0, invert: 0x31, ip_ect: 1, ect: 0 },
  ].map((info) => raw(`ecn ${JSON.stringify(info)}`, { matches: [rawMatch('ecn', 0, info)] }, everything)),
  ...[2, 3, 128].map((invert) =>
    raw(
      `length inverted by ${invert}`,
      { matches: [rawMatch('length', 0, { min: 28, max: 60, invert })] },
      lengthPackets,
    ),
  ),
  ...[0x00, 0x01, 0x10, 0x11, 0x30, 0xcf].map((flags) =>
    raw(
      `iprange flags ${flags}`,
      {
        matches: [
          rawMatch('iprange', 1, { src_min: range[0], src_max: range[1], dst_min: blank, dst_max: range[1], flags }),
        ],
      },
      rangePackets,
    ),
  ),
  ...[
    { pkttype: 0, invert: 2 },
    { pkttype: 0, invert: -1 },
    { pkttype: 9, invert: 0 },
    { pkttype: -1, invert: 1 },
    { pkttype: 5, invert: 0 },
    { pkttype: 5, invert: 1 },
    { pkttype: 4, invert: 0 },
    { pkttype: 7, invert: 1 },
  ].map((info) => raw(`pkttype ${JSON.stringify(info)}`, { matches: [rawMatch('pkttype', 0, info)] }, everything)),
  ...[
    [0, 4, 0, 0, 0],
    [0, 4, 0, 1, 0],
    [0, 4, 0, 2, 0],
    [0, 4, 2, 3, 1],
    [0, 0xf000, 0xf000, 0, 1],
    [0, 0xf000, 0xf000, 1, 1],
    [1, 4, 0x8004, 0, 1],
    [1, 0, 4, 1, 0],
  ].map(([revision = 0, source = 0, dest = 0, invertSource = 0, invertDest = 0]) =>
    raw(
      `addrtype ${[revision, source, dest, invertSource, invertDest].join()}`,
      {
        matches: [
          rawMatch('addrtype', revision, {
            revision,
            source,
            dest,
            invertSource,
            invertDest,
            flags: revision * 0xfff0,
          }),
        ],
      },
      routedPackets,
    ),
  ),
  ...[2, 3, 255].map((invert) =>
    raw(
      `realm inverted by ${invert}`,
      { matches: [rawMatch('realm', 0, { id: 0, mask: 0xffff, invert })] },
      everything,
    ),
  ),
  ...[2, 3].map((invert) =>
    raw(
      `tcpmss inverted by ${invert}`,
      { protocol: TCP, matches: [rawMatch('tcpmss', 0, { mss_min: 1, mss_max: 2000, invert })] },
      mssPackets,
    ),
  ),
  ...[0x0400, 0xfbff, 0x8000, 0xffff].flatMap((typemask) =>
    [0, 4].map((invflags) =>
      raw(
        `dccp types ${typemask} ${invflags}`,
        {
          protocol: DCCP,
          matches: [rawMatch('dccp', 0, { dpts: [0, 0], spts: [0, 0], flags: 4, invflags, typemask, option: 0 })],
        },
        dccpPackets,
      ),
    ),
  ),
];
