import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { IPT_F_FRAG, IPT_INV_FRAG, IPT_INV_SRCIP, IPT_INV_VIA_IN } from '../../protocol/ip-tables.ts';
import { compileTable } from '../../rules/bpf/compile.ts';
import { MOST_JUMPS } from '../../rules/bpf/machine-frame.ts';
import { FIELD_SLOTS } from '../../rules/bpf/record.ts';
import type { HookNumber, MatchUse, Rule, Table, TargetUse } from '../../rules/ir.ts';
import { anyPort, device, icmp, mark, match, rule, tcp, udp } from '../../rules/nft/testing/rules.ts';
import type { Chains, TableOptions } from '../../rules/nft/testing/table.ts';
import { possibleCpus } from '../../sys/bpf/possible-cpus.ts';
import { pick, randomFrom } from '../harness/random.ts';
import { type IpFields, ip, type Transport } from '../packets/packet.ts';
import * as transport from '../packets/transport.ts';
import { type Arrival, expectAsJudged } from './check.ts';
import { randomFocus } from './focus.ts';
import { bpfMissing, LoadedTable } from './loaded.ts';
import { bucket, classic, quota, statistic, type TextOptions, text, u32 } from './match-uses.ts';
import { randomPacket } from './random-packet.ts';
import { randomTable } from './random-tables.ts';
import { makeTable, viewOf } from './tables.ts';

const [PREROUTING, INPUT, FORWARD, OUTPUT] = [0, 1, 2, 3] as const;
const [ICMP, TCP, UDP, DCCP, ESP, AH, SCTP] = [1, 6, 17, 33, 50, 51, 132] as const;

/** A packet at a hook, and whether it is to be accepted. */
interface Expected extends Arrival {
  readonly accepted: boolean;
}

interface PacketOptions extends IpFields {
  readonly hook?: HookNumber;
  readonly mark?: number;
  readonly packetType?: number;
}

function arrival(accepted: boolean, what: Transport, options: PacketOptions = {}): Expected {
  const { hook = INPUT, mark: bits = 0, packetType = 0, ...fields } = options;
  return { hook, accepted, packet: { bytes: ip(what, fields), mark: bits, packetType } };
}

const accepted = (what: Transport, options?: PacketOptions) => arrival(true, what, options);
const dropped = (what: Transport, options?: PacketOptions) => arrival(false, what, options);
const to = (dport: number) => transport.tcp({ dport });
const udpTo = (dport: number) => transport.udp({ dport });
const raw = (protocol: number, hex: string): Transport => ({ protocol, bytes: () => Buffer.from(hex, 'hex') });

const drop: TargetUse = { kind: 'drop' };
const back: TargetUse = { kind: 'return' };
const count: TargetUse = { kind: 'continue' };
const jump = (chain: string): TargetUse => ({ kind: 'jump', chain });
const goto = (chain: string): TargetUse => ({ kind: 'goto', chain });
const on = (protocol: number, matches: readonly MatchUse[], target: TargetUse = drop): Rule =>
  rule({ header: { protocol }, matches, target });
const chain = (name: string, ...rules: readonly Rule[]) => ({ [name]: rules });
const any = (target: TargetUse): Rule => rule({ target });
const from = (source: number, target: TargetUse): Rule => rule({ header: { source, sourceMask: 0xffffffff }, target });
const length = (min: number, max: number) => match('length', 0, { min, max, invert: 0 });

const ah = (spi: number) => match('ah', 0, { spis: [spi, spi], invflags: 0 });
/** Of SCTP and DCCP: what is asked for inverted, types too. */
const ports = (info: object) => ({
  spts: [0, 0],
  dpts: [0, 0],
  flags: 'typemask' in info ? 4 : 2,
  invflags: 'typemask' in info ? 4 : 2,
  chunkmap: new Array<number>(64).fill(0),
  chunk_match_type: 0,
  flag_info: Array.from({ length: 4 }, () => ({ chunktype: 0, flag: 0, flag_mask: 0 })),
  flag_count: 0,
  ...info,
});
/** Types of chunks in a way; of DATA only those with the flag 1. */
const chunks = (way: number, types: readonly number[]) =>
  match('sctp', 0, {
    ...ports({}),
    ...{ flags: 4, invflags: 0, chunk_match_type: way, flag_count: 1 },
    chunkmap: new Array<number>(64).fill(0).fill(
      types.reduce((map, type) => map | (1 << type), 0),
      0,
      1,
    ),
    flag_info: Array.from({ length: 4 }, () => ({ chunktype: 0, flag: 1, flag_mask: 1 })),
  });
const sctpOf = (hex: string): Transport => raw(SCTP, `000000000000000000000000${hex.replaceAll(' ', '')}`);
/** By hook, of the packets below: 1 for those that pass. */
const takenChunks = { [INPUT]: '010010', [OUTPUT]: '111011', [FORWARD]: '010011' } as const;
const hexByte = (byte: number) => byte.toString(16).padStart(2, '0');
const notices = (operation: number, invert = 0) => match('ecn', 0, { operation, invert, ip_ect: 1, ect: 0 });
const group = (info: object) => match('devgroup', 0, { src_mask: 0xffffffff, dst_group: 0, dst_mask: 0, ...info });

interface Case {
  readonly title: string;
  readonly chains: Chains;
  readonly options?: TableOptions;
  readonly packets: readonly Expected[];
}

/** 10.1.0.2, where packets come from unless another source is given. */
const LEFT = 0x0a010002;

const matching: readonly Case[] = [
  { title: 'an empty table', chains: {}, packets: [accepted(to(80)), accepted(udpTo(1), { hook: OUTPUT })] },
  {
    title: 'policies',
    chains: {},
    options: { policies: { INPUT: 'drop', OUTPUT: 'drop' } },
    packets: [dropped(to(80)), accepted(to(80), { hook: FORWARD }), dropped(to(80), { hook: OUTPUT })],
  },
  {
    title: 'a port',
    chains: { INPUT: [on(TCP, [tcp(80)])] },
    packets: [
      dropped(to(80)),
      accepted(to(79)),
      accepted(to(81)),
      accepted(udpTo(80)),
      accepted(to(80), { hook: OUTPUT }),
    ],
  },
  {
    title: 'a port inverted',
    chains: {
      INPUT: [
        on(TCP, [
          match('tcp', 0, { spts: [0, 0xffff], dpts: [80, 80], option: 0, flg_mask: 0, flg_cmp: 0, invflags: 2 }),
        ]),
      ],
    },
    packets: [accepted(to(80)), dropped(to(79)), dropped(to(81)), accepted(udpTo(79))],
  },
  {
    title: 'a range of ports, to its ends',
    chains: { INPUT: [on(UDP, [match('udp', 0, { spts: [0, 0xffff], dpts: [0xfff0, 0xffff], invflags: 0 })])] },
    packets: [accepted(udpTo(0xffef)), dropped(udpTo(0xfff0)), dropped(udpTo(0xffff)), accepted(udpTo(0))],
  },
  {
    title: 'addresses, and not',
    chains: {
      INPUT: [
        from(LEFT, count),
        rule({ header: { source: LEFT, sourceMask: 0xffffffff, inverted: IPT_INV_SRCIP }, target: drop }),
      ],
    },
    packets: [accepted(to(1)), dropped(to(1), { source: '10.1.0.3' }), dropped(to(1), { source: '138.1.0.2' })],
  },
  {
    title: 'an address with bits that its mask hides: never, inverted always',
    chains: {
      INPUT: [
        rule({ header: { source: 0x0a010002, sourceMask: 0xffff0000 }, target: drop }),
        rule({ header: { source: 0x0a010002, sourceMask: 0xffff0000, inverted: IPT_INV_SRCIP }, target: count }),
      ],
    },
    packets: [accepted(to(1)), accepted(to(1), { source: '10.1.0.0' }), accepted(to(1), { source: '10.3.0.2' })],
  },
  {
    title: 'names of interfaces',
    chains: {
      INPUT: [
        rule({ header: { inInterface: device('l+') }, target: count }),
        rule({ header: { inInterface: device('lox') }, target: drop }),
        rule({ header: { inInterface: device('lo'), inverted: IPT_INV_VIA_IN }, target: drop }),
      ],
      OUTPUT: [rule({ header: { inInterface: device('lo'), inverted: IPT_INV_VIA_IN }, target: drop })],
      FORWARD: [rule({ header: { outInterface: device('e+') }, target: drop }), any(count)],
    },
    packets: [accepted(to(1)), dropped(to(1), { hook: OUTPUT }), accepted(to(1), { hook: FORWARD })],
  },
  {
    title: 'marks and whom the link layer meant',
    chains: {
      INPUT: [any(count), rule({ matches: [mark(7), match('pkttype', 0, { pkttype: 2, invert: 1 })], target: drop })],
    },
    packets: [
      accepted(to(1)),
      dropped(to(1), { mark: 7 }),
      accepted(to(1), { mark: 7, packetType: 2 }),
      accepted(to(1), { mark: 0x107 }),
    ],
  },
  {
    title: 'any of several ports, of either end',
    chains: { INPUT: [on(TCP, [anyPort(1, 80, 443)])] },
    packets: [
      dropped(to(443)),
      dropped(transport.tcp({ sport: 80, dport: 5 })),
      accepted(transport.tcp({ sport: 81, dport: 442 })),
    ],
  },
  {
    title: 'types and codes of ICMP',
    chains: { INPUT: [on(ICMP, [match('icmp', 0, { type: 3, code: [1, 3], invflags: 0 })]), on(ICMP, [icmp(8)])] },
    packets: [
      dropped(transport.icmp({ type: 8, code: 9 })),
      dropped(transport.icmp({ type: 3, code: 3 })),
      accepted(transport.icmp({ type: 3, code: 4 })),
      accepted(transport.icmp({ type: 0, code: 3 })),
    ],
  },
  {
    title: 'an SPI over its halves',
    chains: { INPUT: [on(ESP, [match('esp', 0, { spis: [0x1fff0, 0x80000000], invflags: 0 })])] },
    packets: [
      dropped(raw(ESP, '0001fff000000001')),
      dropped(raw(ESP, '8000000000000001')),
      accepted(raw(ESP, '0001ffef00000001')),
      accepted(raw(ESP, '8000000100000001')),
    ],
  },
  {
    title: "AH's SPI, types and ports of DCCP, ports of SCTP",
    chains: {
      INPUT: [
        on(AH, [ah(0x80000001)]),
        on(DCCP, [match('dccp', 0, ports({ flags: 5, invflags: 1, spts: [3, 4], typemask: 6, option: 0 }))]),
        on(SCTP, [match('sctp', 0, ports({ flags: 3, invflags: 2, spts: [3, 4], dpts: [0, 79] }))]),
      ],
    },
    packets: [
      dropped(raw(AH, '110400008000000100000001')),
      accepted(raw(AH, '110400008000000200000001')),
      accepted(raw(AH, '800000018000000080000001')),
      dropped(raw(DCCP, '000500500300000002000000')),
      dropped(raw(DCCP, '0005005003000000e5000000')),
      accepted(raw(DCCP, '000500500300000006000000')),
      accepted(raw(DCCP, '000400500300000002000000')),
      dropped(raw(SCTP, '000300500000000000000000')),
      accepted(raw(SCTP, '0003004f0000000000000000')),
      accepted(raw(SCTP, '000500500000000000000000')),
    ],
  },
  {
    title: 'no connection: INVALID',
    chains: {
      INPUT: [
        rule({ matches: [match('state', 0, { mask: 0x4e })], target: drop }),
        rule({ matches: [match('connmark', 1, { mark: 0, mask: 0, invert: 0 })], target: drop }),
        rule({ matches: [match('state', 0, { mask: 1 })], target: count }),
      ],
    },
    packets: [accepted(to(80))],
  },
  {
    title: 'a device without an Ethernet address, of no group',
    chains: {
      INPUT: [
        rule({ matches: [match('mac', 0, { srcaddr: new Uint8Array(6), invert: 0 })], target: drop }),
        rule({ matches: [match('mac', 0, { srcaddr: new Uint8Array(6), invert: 1 })], target: drop }),
        rule({ matches: [match('mac', 0, { srcaddr: new Uint8Array(6), invert: 2 })], target: drop }),
        rule({ matches: [group({ flags: 1, src_group: 1 })], target: drop }),
        rule({ matches: [group({ flags: 3, src_group: 0 })], target: drop }),
        rule({ matches: [group({ flags: 1, src_group: 0 }), group({ flags: 3, src_group: 1 })], target: count }),
      ],
    },
    packets: [accepted(to(1)), accepted(to(1), { fragmentOffset: 3 })],
  },
  {
    title: 'the type of service, the time to live, the length',
    chains: {
      INPUT: [
        rule({ matches: [match('tos', 1, { tos_mask: 0x3f, tos_value: 0x10, invert: 0 })], target: drop }),
        rule({ matches: [match('ttl', 0, { mode: 2, ttl: 2 })], target: drop }),
        rule({ matches: [length(41, 0xffff)], target: drop }),
      ],
    },
    packets: [
      dropped(to(1), { tos: 0xd0 }),
      dropped(to(1), { ttl: 1 }),
      accepted(to(1), { ttl: 2 }),
      dropped(transport.tcp({ data: 1 })),
    ],
  },
];

const broken: readonly Case[] = [
  {
    title: 'later fragments have no ports, but an address',
    chains: {
      INPUT: [on(TCP, [tcp()], count), on(TCP, [anyPort(0)]), on(UDP, [udp()]), from(0x0a010003, drop)],
    },
    packets: [
      accepted(to(80), { fragmentOffset: 2 }),
      dropped(to(80), { fragmentOffset: 2, source: '10.1.0.3' }),
      accepted(udpTo(53), { fragmentOffset: 1 }),
      accepted(raw(TCP, ''), { fragmentOffset: 0x1fff }),
      accepted(to(80), { moreFragments: true }),
      dropped(udpTo(53), { moreFragments: true }),
    ],
  },
  {
    title: 'TCP at offset 8 is dropped by the first rule that looks at it, uncounted',
    chains: {
      INPUT: [from(0x0a010003, { kind: 'accept' }), on(TCP, [anyPort(80)]), on(TCP, [tcp(80)], count), any(count)],
    },
    packets: [
      dropped(to(80), { fragmentOffset: 1 }),
      accepted(to(80), { fragmentOffset: 1, source: '10.1.0.3' }),
      accepted(udpTo(80), { fragmentOffset: 1 }),
      accepted(to(80), { fragmentOffset: 2 }),
    ],
  },
  {
    title: "TCP's notices of congestion: of whatever stands there, in later fragments too; too short a header has none",
    chains: {
      INPUT: [on(TCP, [notices(0x10)]), on(TCP, [notices(0x20)], count), any(count)],
      OUTPUT: [on(TCP, [notices(0x31, 0x31)])],
    },
    packets: [
      dropped(transport.tcp({ flags: 0x42 })),
      accepted(transport.tcp({ flags: 0x82 })),
      accepted(transport.tcp({ flags: 0x02 })),
      dropped(transport.tcp({ flags: 0xc2 }), { options: [1, 1, 1, 0] }),
      dropped(transport.tcp({ flags: 0x42 }), { fragmentOffset: 1 }),
      dropped(transport.tcp({ flags: 0x42 }), { fragmentOffset: 9 }),
      accepted(transport.tcp({ flags: 0x42 }), { cut: 19 }),
      accepted(transport.tcp({ flags: 0x42 }), { fragmentOffset: 1, cut: 19 }),
      dropped(transport.tcp({ flags: 0x02 }), { hook: OUTPUT }),
      accepted(transport.tcp({ flags: 0x82 }), { hook: OUTPUT }),
      accepted(transport.tcp({ flags: 0x42 }), { hook: OUTPUT }),
      accepted(transport.tcp({ flags: 0x02 }), { hook: OUTPUT, tos: 1 }),
      accepted(transport.tcp({ flags: 0x02 }), { hook: OUTPUT, cut: 19 }),
      dropped(transport.tcp({ flags: 0x02 }), { hook: OUTPUT, fragmentOffset: 5 }),
    ],
  },
  {
    title: '-f and ! -f',
    chains: {
      INPUT: [
        rule({ header: { flags: IPT_F_FRAG }, target: drop }),
        rule({ header: { flags: IPT_F_FRAG, inverted: IPT_INV_FRAG }, target: count }),
        rule({ header: { inverted: IPT_INV_FRAG }, target: drop }),
      ],
    },
    packets: [
      accepted(to(80)),
      accepted(to(80), { moreFragments: true }),
      dropped(to(80), { fragmentOffset: 1 }),
      dropped(udpTo(80), { fragmentOffset: 3, moreFragments: true }),
    ],
  },
  ...(
    [
      { what: 'TCP', protocol: TCP, matches: [tcp(1)], size: 20 },
      { what: 'UDP', protocol: UDP, matches: [udp(1)], size: 8 },
      { what: 'ICMP', protocol: ICMP, matches: [icmp(9)], size: 8 },
      { what: 'ESP', protocol: ESP, matches: [match('esp', 0, { spis: [1, 1], invflags: 0 })], size: 8 },
      { what: 'AH', protocol: AH, matches: [match('ah', 0, { spis: [1, 1], invflags: 1 })], size: 12 },
      { what: 'SCTP', protocol: SCTP, matches: [match('sctp', 0, ports({ dpts: [9, 9] }))], size: 12 },
      { what: 'DCCP', protocol: DCCP, matches: [match('dccp', 0, ports({ typemask: 0x8000, option: 0 }))], size: 12 },
      { what: 'multiport on SCTP', protocol: SCTP, matches: [anyPort(9)], size: 4 },
      { what: 'AH beside TCP', protocol: TCP, matches: [tcp(1)], size: 20, beside: [on(AH, [ah(5)])] },
      { what: 'AH beside UDP', protocol: UDP, matches: [udp(1)], size: 8, beside: [on(AH, [ah(5)])] },
      { what: 'multiport on TCP', protocol: TCP, matches: [anyPort(9)], size: 4 },
      { what: 'multiport on UDP', protocol: UDP, matches: [anyPort(9)], size: 4 },
      {
        what: 'IPCOMP',
        protocol: 108,
        matches: [match('ipcomp', 0, { spis: [1, 1], invflags: 0, hdrres: 0 })],
        size: 4,
      },
    ] as const
  ).map(
    ({ what, protocol, matches, size, ...more }): Case => ({
      title: `${what}: dropped where ${size} bytes aren't there, uncounted, and only where it is looked at`,
      chains: {
        INPUT: [
          from(0x0a010003, count),
          ...('beside' in more ? more.beside : []),
          on(protocol, matches, { kind: 'accept' }),
          any(count),
        ],
      },
      packets: [0, 1, 3, 4, 7, 8, 13, 19, 20, 21].flatMap((bytes) => {
        const what = raw(protocol, '00ff'.repeat(11).slice(0, 2 * bytes));
        const other = raw(47, '00ff'.repeat(11).slice(0, 2 * bytes));
        return [arrival(bytes >= size, what), accepted(other), arrival(bytes >= size, what, { options: [1, 1, 1, 0] })];
      }),
    }),
  ),
  {
    title: 'what stands before a match decides whether a short packet gets to it',
    chains: {
      INPUT: [on(UDP, [length(100, 200), udp(53)]), on(UDP, [mark(1), udp(53)]), on(UDP, [udp(54), length(100, 200)])],
      OUTPUT: [on(UDP, [length(100, 200), udp(53)]), on(UDP, [mark(1), udp(53)])],
    },
    packets: [
      dropped(raw(UDP, '0000')),
      accepted(raw(UDP, '0000'), { hook: OUTPUT }),
      dropped(raw(UDP, '0000'), { hook: OUTPUT, mark: 1 }),
      dropped(udpTo(53), { mark: 1 }),
      accepted(udpTo(53)),
      dropped(transport.udp({ dport: 53, data: 72 }), { hook: OUTPUT }),
    ],
  },
  {
    title: 'ports behind options of the IP header',
    chains: { INPUT: [on(TCP, [tcp(80)]), on(UDP, [udp(53)])] },
    packets: [4, 8, 40].flatMap((size) => {
      const options = Array.from({ length: size }, () => 1);
      return [
        dropped(to(80), { options }),
        accepted(to(81), { options }),
        dropped(udpTo(53), { options }),
        dropped(to(81), { options, cut: 19 }),
      ];
    }),
  },
];

const option = (kind: number, invflags = 0) =>
  match('tcp', 0, { spts: [0, 0xffff], dpts: [80, 80], option: kind, flg_mask: 0, flg_cmp: 0, invflags });
const segment = (mss_min: number, mss_max: number, invert = 0) => match('tcpmss', 0, { mss_min, mss_max, invert });
const segmentOf = (size: number) => [2, 4, size >> 8, size & 0xff];
const withOptions = (...options: readonly number[]) => transport.tcp({ dport: 80, options });
const HOUR = 36_000_000;

const u32Texts = [
  ['0>>28=4'],
  ['6&0xff=6,17'],
  ['6&0xff=1,5:7', '20>>16=0:65535'],
  ['0>>22&0x3c@0>>16=0:79,81:0xffff'],
  ['16=1:0'],
  ['16=0:0xffffffff', '17=0:0xffffffff', '18<<1=0:0xfffffffe'],
  ['20@0=0:0xffffffff'],
  ['20@20=0:0xffffffff'],
  ['20@4294967292=0:0xffffffff'],
  ['24@20@0=0:0xffffffff'],
  ['20@0@0=1'],
  ['4294967295=0:0xffffffff'],
  ['21=0:0xffffffff'],
  ['0<<31>>31=1', '0<<24>>24=0:255'],
  [],
] as const;

const looking: readonly Case[] = [
  {
    title: 'an option of TCP, and not',
    chains: { INPUT: [on(TCP, [option(4)])], OUTPUT: [on(TCP, [option(4, 8)])], FORWARD: [on(TCP, [option(1)])] },
    packets: [
      accepted(to(80)),
      dropped(withOptions(4, 2)),
      dropped(withOptions(1, 1, 4, 2)),
      dropped(withOptions(2, 4, 5, 180, 4, 2)),
      accepted(withOptions(2, 4, 4, 4)),
      accepted(withOptions(0, 0, 0, 5)),
      // a kind in the header's last byte; one without a length; one that is longer than the header
      dropped(withOptions(0, 0, 0, 4)),
      dropped(withOptions(5, 0, 4, 2)),
      accepted(withOptions(5, 40, 4, 2)),
      accepted(withOptions(9, 1, 9, 9)),
      dropped(to(80), { hook: OUTPUT }),
      accepted(withOptions(4, 2), { hook: OUTPUT }),
      dropped(withOptions(5, 40, 4, 2), { hook: OUTPUT }),
      accepted(transport.tcp({ dport: 81 }), { hook: OUTPUT }),
      dropped(withOptions(8, 3, 1, 1), { hook: FORWARD }),
      accepted(withOptions(8, 4, 1, 1), { hook: FORWARD }),
      dropped(withOptions(...Array.from({ length: 39 }, () => 0), 1), { hook: FORWARD }),
    ],
  },
  {
    title: "an option of TCP whose header isn't there whole: dropped uncounted, where its ports are meant",
    chains: { INPUT: [on(TCP, [option(4, 8)], count), on(TCP, [option(4)], count)] },
    packets: [
      dropped(transport.tcp({ dport: 80, dataOffset: 4 })),
      dropped(transport.tcp({ dport: 80, dataOffset: 0 })),
      dropped(transport.tcp({ dport: 80, dataOffset: 6 })),
      accepted(transport.tcp({ dport: 80, dataOffset: 6, data: 4 })),
      dropped(transport.tcp({ dport: 80, dataOffset: 15, data: 39 })),
      accepted(transport.tcp({ dport: 80, dataOffset: 15, data: 40 })),
      accepted(transport.tcp({ dport: 81, dataOffset: 6 })),
      accepted(withOptions(4, 2), { options: [1, 1, 1, 0] }),
      dropped(withOptions(4, 2), { options: [1, 1, 1, 0], cut: 23 }),
      dropped(withOptions(4, 2), { cut: 19 }),
      dropped(withOptions(4, 2), { fragmentOffset: 1 }),
      accepted(withOptions(4, 2), { fragmentOffset: 2 }),
    ],
  },
  {
    title: 'chunks of SCTP: any, all, only; broken ones drop the packet uncounted',
    chains: {
      INPUT: [on(SCTP, [chunks(1, [0, 6])])],
      OUTPUT: [on(SCTP, [chunks(2, [0, 6])])],
      FORWARD: [on(SCTP, [chunks(4, [0, 6])])],
    },
    packets: [
      ...([INPUT, OUTPUT, FORWARD] as const).flatMap((hook) => [
        // DATA with its flag, and without; ABORT; both; another one
        ...(
          ['00030004', '00000004', '06000004', '0600000600000000 00030008', '01000004', '01000004 06000004'] as const
        ).map((hex, at) => arrival(takenChunks[hook][at] === '1', sctpOf(hex), { hook })),
        dropped(sctpOf(''), { hook }),
        dropped(sctpOf('01'), { hook }),
        dropped(sctpOf('0100 0000'), { hook }),
        // the last one may be longer than the packet is
        arrival(true, sctpOf('0100 ffff'), { hook }),
        arrival(true, raw(SCTP, '0000000000000000000000000003'), { hook, fragmentOffset: 2 }),
      ]),
    ],
  },
  {
    title: 'an option of DCCP, behind the headers of each type',
    chains: {
      INPUT: [on(DCCP, [match('dccp', 0, { ...ports({}), flags: 8, invflags: 0, typemask: 0, option: 5 })])],
    },
    packets: Array.from({ length: 32 }, (_, type) => type).flatMap((type) => {
      const words = 3 + (type & 1) + ([1, 3, 0, 2, 2, 2, 2, 3, 2, 2][type >> 1] ?? 3);
      const header = (offset: number) => `00000000${hexByte(offset)}000000${hexByte(type)}000000`;
      const rest = '09'.repeat(4 * words - 12);
      return [
        dropped(raw(DCCP, `${header(words + 1)}${rest}05000000`)),
        accepted(raw(DCCP, `${header(words + 1)}${rest}20040505`)),
        accepted(raw(DCCP, `${header(words)}${rest}05050505`)),
        accepted(raw(DCCP, header(words))),
        dropped(raw(DCCP, `${header(words + 2)}${rest}00000005`)),
        dropped(raw(DCCP, `${header(words - 1)}${rest}05050505`)),
      ];
    }),
  },
  {
    title: "TCP's greatest segment, in a range and not",
    chains: {
      INPUT: [on(TCP, [segment(536, 1460)])],
      OUTPUT: [on(TCP, [segment(536, 536, 1)])],
      FORWARD: [on(TCP, [segment(5, 4)]), on(TCP, [segment(5, 4, 1)], count), on(TCP, [segment(1, 2, 2)], count)],
    },
    packets: [
      ...[535, 536, 537, 1460, 1461, 0, 0xffff].flatMap((size) => [
        arrival(size < 536 || size > 1460, withOptions(...segmentOf(size))),
        arrival(size === 536, withOptions(1, ...segmentOf(size)), { hook: OUTPUT }),
      ]),
      accepted(to(80)),
      dropped(to(80), { hook: OUTPUT }),
      // another length, or cut off by the header's end: looks on
      dropped(withOptions(2, 5, 9, 9, 9, ...segmentOf(536))),
      accepted(withOptions(1, 2, 4, 2)),
      accepted(withOptions(0, 0, 0, 2)),
      dropped(withOptions(2, 0, ...segmentOf(600))),
      accepted(withOptions(3, 40, ...segmentOf(600))),
      accepted(withOptions(...segmentOf(600)), { hook: FORWARD }),
      accepted(to(80), { hook: FORWARD }),
    ],
  },
  {
    title: 'a greatest segment is looked for in whatever stands there; a header that is cut off is dropped uncounted',
    chains: { INPUT: [on(TCP, [segment(600, 600)])], OUTPUT: [on(TCP, [segment(1, 2, 2)], count)] },
    packets: [
      dropped(withOptions(...segmentOf(600)), { fragmentOffset: 1 }),
      dropped(withOptions(...segmentOf(600)), { fragmentOffset: 7 }),
      accepted(withOptions(...segmentOf(601)), { fragmentOffset: 7 }),
      dropped(withOptions(...segmentOf(601)), { fragmentOffset: 7, cut: 19 }),
      dropped(withOptions(...segmentOf(601)), { cut: 23 }),
      dropped(transport.tcp({ dataOffset: 4 })),
      dropped(transport.tcp({ dataOffset: 4 }), { hook: OUTPUT }),
      accepted(transport.tcp({ dataOffset: 5 }), { hook: OUTPUT }),
      accepted(udpTo(1)),
    ],
  },
  {
    title: 'one in so many, counted over all hooks; what stands before it decides what is counted',
    chains: {
      INPUT: [any(jump('turns'))],
      OUTPUT: [any(jump('turns'))],
      ...chain(
        'turns',
        rule({ matches: [statistic(2, 0)], target: count }),
        rule({ matches: [statistic(2, 2), length(40, 0xffff)], target: count }),
        rule({ matches: [length(41, 0xffff), statistic(3, 1, 1)], target: count }),
        rule({ matches: [statistic(1, 0), tcp(80)], header: { protocol: TCP }, target: count }),
        rule({ matches: [tcp(80), statistic(0, 0)], header: { protocol: TCP }, target: count }),
        rule({ matches: [statistic(0xffffffff, 0xffffffff)], target: count }),
        rule({ matches: [statistic(5, 9)], target: count }),
      ),
    },
    packets: Array.from({ length: 24 }, (_, at) =>
      accepted(at % 4 === 0 ? udpTo(1) : to(79 + (at % 3)), {
        hook: at % 5 === 0 ? OUTPUT : INPUT,
        ...(at % 7 === 0 ? { cut: 10 } : {}),
      }),
    ).map((one) => ({ ...one, accepted: one.packet.bytes.length >= 40 || one.packet.bytes.readUInt8(9) !== TCP })),
  },
  {
    title: 'a bucket that fills too slowly for a test',
    chains: {
      INPUT: [
        rule({ matches: [bucket(HOUR, 3)], target: count }),
        rule({ header: { protocol: TCP }, matches: [bucket(HOUR, 1), tcp(80)], target: count }),
        rule({ header: { protocol: TCP }, matches: [tcp(80), bucket(HOUR, 2)], target: count }),
        rule({ matches: [bucket(0, 5)], target: count }),
        rule({ matches: [bucket(HOUR, 37)], target: drop }),
      ],
    },
    packets: [
      dropped(to(81)),
      dropped(to(80)),
      ...Array.from({ length: 35 }, () => dropped(to(80))),
      accepted(to(80)),
      accepted(udpTo(80)),
    ],
  },
  {
    title: 'so many bytes: the last packet that fits just so, and none behind one that does not',
    chains: {
      INPUT: [
        rule({ matches: [quota(80n)], target: count }),
        rule({ matches: [quota(2n ** 64n - 1n)], target: count }),
        rule({ matches: [quota(0n, 1)], target: count }),
        rule({ matches: [quota(100n, 1)], target: drop }),
      ],
    },
    packets: [
      accepted(to(80)),
      accepted(udpTo(80)),
      // 32 bytes are left
      dropped(to(80)),
      dropped(raw(47, '')),
      dropped(to(80)),
    ],
  },
  {
    title: 'u32',
    chains: {
      INPUT: [any(count), rule({ matches: [u32(['0>>22&0x3c@0=0x50:0x60'])], target: drop })],
    },
    packets: [
      accepted(to(80)),
      dropped(raw(47, '00000055')),
      dropped(raw(47, '00000060ff'), { options: [1, 1, 1, 0] }),
      accepted(raw(47, '00000061')),
      accepted(raw(47, '0000004f')),
      accepted(raw(47, '000055')),
    ],
  },
  {
    title: 'u32: steps, ranges, and what lies past the end; all of it, or not all of it',
    chains: {
      INPUT: [
        ...u32Texts.map((text) => rule({ matches: [u32(text)], target: count })),
        ...u32Texts.map((text) => rule({ matches: [u32(text, 1)], target: count })),
        rule({ matches: [u32(['0=0'], 2)], target: drop }),
      ],
    },
    packets: [
      to(80),
      to(81),
      udpTo(53),
      raw(47, ''),
      raw(47, '00000004'),
      raw(47, 'fffffffc00000000'),
      raw(47, '80000000ffffffff'),
      raw(47, '0000001c0000001000000011'),
    ].flatMap((what) => [
      dropped(what),
      dropped(what, { fragmentOffset: 3 }),
      dropped(what, { cut: 3, source: '10.2.0.0' }),
    ]),
  },
];

/** A packet of 20 bytes of IP header and what is given. */
const saying = (words: string): Transport => ({ protocol: 47, bytes: () => Buffer.from(words, 'latin1') });
const finds = (pattern: string, options?: TextOptions) => rule({ matches: [text(pattern, options)], target: drop });
const long = Array.from({ length: 128 }, (_, at) => String.fromCharCode(33 + ((at * at) % 89))).join('');
const algorithms = ['bm', 'kmp'] as const;

const searching: readonly Case[] = algorithms.flatMap((algorithm): readonly Case[] => [
  {
    title: `${algorithm}: a text at the begin, at the end, anywhere between`,
    chains: { INPUT: [any(count), finds('abcab', { algorithm })], OUTPUT: [finds('E', { algorithm, to: 1 })] },
    packets: [
      ...Array.from({ length: 20 }, (_, at) => dropped(saying(`${'x'.repeat(at)}abcab`))),
      ...Array.from({ length: 20 }, (_, at) => dropped(saying(`${'x'.repeat(at)}abcab${'abc'.repeat(at)}`))),
      ...Array.from({ length: 20 }, (_, at) => dropped(saying(`abcabcab${'x'.repeat(at)}`))),
      ...Array.from({ length: 20 }, (_, at) => accepted(saying(`${'x'.repeat(at)}abca`))),
      dropped(saying('abaabacabcaabcabcab'), { fragmentOffset: 3 }),
      accepted(saying('')),
      accepted(saying('abca'), { options: [1, 1, 1, 0] }),
      dropped(saying('abcab'), { options: [1, 1, 1, 0] }),
      // the IP header's first byte
      dropped(saying(''), { hook: OUTPUT }),
      accepted(saying(''), { hook: OUTPUT, options: [1, 1, 1, 0] }),
    ],
  },
  {
    title: `${algorithm}: between two places, which count from the IP header on`,
    chains: {
      INPUT: [any(count), finds('ab', { algorithm, from: 22, to: 30 })],
      OUTPUT: [finds('ab', { algorithm, from: 24, to: 24 }), finds('ab', { algorithm, from: 24, to: 25 })],
      FORWARD: [finds('a', { algorithm, from: 24, to: 25 }), finds('a', { algorithm, from: 40, invert: true })],
    },
    packets: [
      ...Array.from({ length: 14 }, (_, at) =>
        arrival(at < 2 || at > 8, saying(`${'x'.repeat(at)}ab${'y'.repeat(4)}`)),
      ),
      accepted(saying('')),
      accepted(saying('ab')),
      accepted(saying('abababababab'), { hook: OUTPUT }),
      dropped(saying('x'.repeat(30)), { hook: FORWARD }),
      dropped(saying('xxxxa'), { hook: FORWARD }),
      dropped(saying(`${'x'.repeat(19)}a`), { hook: FORWARD }),
      accepted(saying(`${'x'.repeat(20)}a`), { hook: FORWARD }),
      dropped(saying('a'), { hook: FORWARD }),
    ],
  },
  {
    title: `${algorithm}: capitals or not, and bytes that are no letters`,
    chains: {
      INPUT: [any(count), finds('GeT /', { algorithm, ignoreCase: true })],
      OUTPUT: [finds('GeT /', { algorithm }), finds('\xe9\xf7\0\xd7', { algorithm, ignoreCase: true })],
      FORWARD: [finds('get', { algorithm, ignoreCase: true, invert: true })],
    },
    packets: [
      ...['GET /', 'get /', 'xgEt /'].map((what) => dropped(saying(what))),
      ...['GET \x0f', 'G\x05T /', 'GE\x74\x20\x0f', 'GE\x34 /'].map((what) => accepted(saying(what))),
      dropped(saying('GeT /'), { hook: OUTPUT }),
      accepted(saying('GET /'), { hook: OUTPUT }),
      dropped(saying('\xc9\xf7\0\xd7'), { hook: OUTPUT }),
      accepted(saying('\xc9\xd7\0\xd7'), { hook: OUTPUT }),
      accepted(saying('.....Get.....'), { hook: FORWARD }),
      dropped(saying('.....Ge.....'), { hook: FORWARD }),
    ],
  },
  {
    title: `${algorithm}: texts of 63, 64, 65, 127 and 128 bytes`,
    chains: {
      INPUT: [1, 63, 64, 65, 127, 128].map((size) =>
        rule({ matches: [text(long.slice(-size), { algorithm })], target: count }),
      ),
      OUTPUT: [finds(long, { algorithm })],
      FORWARD: [finds('a'.repeat(65), { algorithm, from: 21 })],
    },
    packets: [
      ...[0, 62, 63, 64, 65, 66, 127, 128].map((size) => accepted(saying(long.slice(128 - size)))),
      ...[0, 62, 63, 64, 65, 66, 127, 128].map((size) => accepted(saying(`${long.slice(1)}${long.slice(128 - size)}`))),
      ...[0, 1, 2, 3, 7, 8, 9, 200].map((before) => dropped(saying('x'.repeat(before) + long), { hook: OUTPUT })),
      ...[0, 1, 2, 3, 7, 8, 9, 200].map((before) =>
        accepted(saying(`${'x'.repeat(before)}${long.slice(1)}${long.slice(0, 127)}`), { hook: OUTPUT }),
      ),
      accepted(saying('a'.repeat(65)), { hook: FORWARD }),
      dropped(saying('a'.repeat(66)), { hook: FORWARD }),
      accepted(saying(`${'a'.repeat(65)}ba`), { hook: FORWARD }),
    ],
  },
]);

const runs = (bytecode: string, target: TargetUse = count) => rule({ matches: [classic(bytecode)], target });
const NET = -0x10_0000;
const LL = -0x20_0000;
const AD = -0x1000;
const small = [0, 1, 2, 3, 7, 31, 32, 33, 0x7fffffff, 0x80000000, 0xffffffff];
const classicPackets = (hook: HookNumber, accepts = true) =>
  [
    to(80),
    to(81),
    udpTo(53),
    raw(47, ''),
    raw(47, '00'),
    raw(47, '000102'),
    raw(47, '80000000ffffffff00000001'),
    raw(6, '0050'),
  ].flatMap((what) => [
    arrival(accepts, what, { hook }),
    arrival(accepts, what, { hook, fragmentOffset: 3, options: [1, 1, 1, 0] }),
    arrival(accepts, what, { hook, cut: 3, mark: 7, packetType: 3 }),
  ]);

const programs: readonly Case[] = [
  {
    title: 'loads of each size at each end of the packet, behind the IP header, and before it',
    chains: {
      INPUT: [48, 40, 32].flatMap((code, at) =>
        [
          0,
          9,
          19,
          20,
          21,
          23,
          24,
          37,
          40,
          0x7fffffff,
          NET,
          NET + 20,
          NET - 1,
          AD - 1,
          LL,
          LL + 6,
          LL + 11,
          LL + 13,
          LL + 14,
          LL + 34,
          LL - 1,
          -0x7fffffff - 1,
        ].flatMap((k) => [
          runs(`${code} 0 0 ${k},22 0 0 0`),
          runs(`${code} 0 0 ${k},6 0 0 1`),
          runs(
            `1 0 0 ${k < 0 ? k - 3 : 1},${code + 32} 0 0 ${k < 0 ? 3 : k - 1},53 ${at} 0 1,6 0 0 0,6 0 0 1,22 0 0 0`,
          ),
          runs(`177 0 0 0,${code + 32} 0 0 ${k},22 0 0 0`),
        ]),
      ),
    },
    packets: classicPackets(INPUT),
  },
  {
    title: 'arithmetic, with K and X; a division by 0 ends it',
    chains: {
      INPUT: [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0].flatMap((operation) =>
        small.flatMap((k) => {
          const isShift = operation === 0x60 || operation === 0x70;
          const isDivision = operation === 0x30 || operation === 0x90;
          const direct =
            (isShift && k > 31) || (isDivision && k === 0)
              ? []
              : [runs(`32 0 0 20,${operation | 4} 0 0 ${k},37 0 1 77,6 0 0 1,22 0 0 0`)];
          return [
            ...direct,
            runs(`1 0 0 ${k},32 0 0 20,${operation | 12} 0 0 0,22 0 0 0`),
            runs(`1 0 0 ${k},32 0 0 20,${operation | 12} 0 0 0,6 0 0 1`),
          ];
        }),
      ),
      OUTPUT: [
        runs('32 0 0 20,132 0 0 0,21 0 1 4294967295,6 0 0 1,6 0 0 0'),
        runs('132 0 0 0,22 0 0 0'),
        runs('4 0 0 1,22 0 0 0'),
      ],
    },
    packets: [...classicPackets(INPUT), ...classicPackets(OUTPUT)],
  },
  {
    title: 'jumps of each kind, both ways',
    chains: {
      INPUT: [0x10, 0x20, 0x30, 0x40].flatMap((kind) =>
        [0, 1, 80, 0x50, 0x80000000, 0xffffffff].flatMap((k) => [
          runs(`40 0 0 22,${kind | 5} 0 1 ${k},6 0 0 1,6 0 0 0`),
          runs(`32 0 0 20,${kind | 5} 1 0 ${k},6 0 0 9,5 0 0 1,6 0 0 3,6 0 0 0`),
          runs(`1 0 0 ${k},32 0 0 20,${kind | 13} 0 1 0,6 0 0 1,6 0 0 0`),
        ]),
      ),
    },
    packets: classicPackets(INPUT),
  },
  {
    title: 'what is remembered, lengths, A and X; both are 0 at first',
    chains: {
      INPUT: [
        runs('32 0 0 20,2 0 0 0,0 0 0 5,2 0 0 15,97 0 0 0,96 0 0 15,12 0 0 0,22 0 0 0'),
        runs('129 0 0 0,3 0 0 7,96 0 0 7,21 0 1 40,6 0 0 1,6 0 0 0'),
        runs('128 0 0 0,7 0 0 0,0 0 0 0,135 0 0 0,21 0 1 60,6 0 0 1,6 0 0 0'),
        runs('22 0 0 0'),
        runs('135 0 0 0,22 0 0 0'),
        runs('12 0 0 0,21 0 1 0,6 0 0 1,6 0 0 0'),
        runs('6 0 0 0'),
        runs('6 0 0 4294967295'),
        runs('5 0 0 1,6 0 0 0,6 0 0 1'),
        // a classic filter of tcpdump's: TCP to port 80, behind options too
        runs('48 0 0 9,21 0 6 6,40 0 0 6,69 4 0 8191,177 0 0 0,72 0 0 2,21 0 1 80,6 0 0 65535,6 0 0 0'),
      ],
    },
    packets: classicPackets(INPUT),
  },
  {
    title: 'what lies beside the packet',
    chains: {
      INPUT: [0, 4, 8, 20, 24, 28, 32, 44, 48, 60].flatMap((extension) => [
        runs(`32 0 0 ${AD + extension},22 0 0 0`),
        ...[0, 1, 3, 7, 772, 0x0800].map((k) => runs(`40 0 0 ${AD + extension},21 0 1 ${k},6 0 0 1,6 0 0 0`)),
      ]),
      OUTPUT: [
        runs(`32 0 0 20,1 0 0 80,32 0 0 ${AD + 40},22 0 0 0`),
        runs(`32 0 0 ${AD + 36},53 0 1 4096,6 0 0 1,6 0 0 0`),
        runs(`32 0 0 ${AD + 56},7 0 0 0,32 0 0 ${AD + 56},29 0 1 0,6 0 0 1,6 0 0 0`),
      ],
    },
    packets: [...classicPackets(INPUT), ...classicPackets(OUTPUT)],
  },
];

const port = (dport: number, target: TargetUse) => on(TCP, [tcp(dport)], target);

const flow: readonly Case[] = [
  {
    title: 'jumps four deep, and back',
    chains: {
      INPUT: [any(jump('a')), port(1, drop), any(count)],
      ...chain('a', any(count), any(jump('b')), port(2, drop)),
      ...chain('b', any(jump('c')), port(3, back), port(4, drop)),
      ...chain('c', any(jump('d')), any(count)),
      ...chain('d', port(5, drop), port(6, back), any(count)),
    },
    packets: [1, 2, 3, 4, 5, 6, 7].map((dport) => arrival(![1, 2, 4, 5].includes(dport), to(dport))),
  },
  {
    title: 'goto: back to whoever jumped last, else to the policy of the hook',
    chains: {
      INPUT: [port(1, goto('a')), any(jump('b')), any(drop)],
      FORWARD: [any(goto('a')), any({ kind: 'accept' })],
      OUTPUT: [any(jump('b')), any({ kind: 'accept' })],
      ...chain('a', any(count), port(9, drop)),
      ...chain('b', any(goto('a')), any(drop)),
    },
    options: { policies: { FORWARD: 'drop' } },
    packets: [
      accepted(to(1)),
      dropped(to(2)),
      dropped(to(9)),
      dropped(to(1), { hook: FORWARD }),
      accepted(to(2), { hook: OUTPUT }),
      dropped(to(9), { hook: OUTPUT }),
    ],
  },
  {
    title: 'RETURN in a built-in chain: to its policy, counted',
    chains: { INPUT: [port(1, back), any(drop)], OUTPUT: [port(1, back), any({ kind: 'accept' })] },
    options: { policies: { OUTPUT: 'drop' } },
    packets: [accepted(to(1)), dropped(to(2)), dropped(to(1), { hook: OUTPUT }), accepted(to(2), { hook: OUTPUT })],
  },
  {
    title: 'empty chains, by jump and goto',
    chains: {
      INPUT: [port(1, jump('a')), port(1, jump('a')), port(2, goto('a')), any(drop)],
      ...chain('a'),
      ...chain('unused', any(drop)),
    },
    packets: [dropped(to(1)), accepted(to(2)), dropped(to(3))],
  },
  {
    title: `jumps ${MOST_JUMPS} deep`,
    chains: {
      INPUT: [any(jump('c1')), port(1, drop), any(count)],
      ...Object.fromEntries(
        Array.from({ length: MOST_JUMPS }, (_, at) => [
          `c${at + 1}`,
          at + 1 < MOST_JUMPS ? [any(jump(`c${at + 2}`)), port(100 + at, drop)] : [port(2, drop), any(count)],
        ]),
      ),
    },
    packets: [dropped(to(1)), dropped(to(2)), accepted(to(3)), dropped(to(100)), dropped(to(162)), accepted(to(163))],
  },
  {
    title: 'one chain from many places',
    chains: {
      INPUT: Array.from({ length: 40 }, () => any(jump('a'))),
      ...chain('a', any(jump('b')), any(jump('b')), port(1, drop)),
      ...chain('b', any(count)),
    },
    packets: [dropped(to(1)), accepted(to(2))],
  },
];

const COUNT = 2000;
const sourceOf = (at: number) => 0x0a050000 + at;

/** By turns: two shapes; the third is never alike. Every tenth is there again later, with another end. */
function manyRules(): readonly Rule[] {
  const target = (at: number): TargetUse => (at % 5 === 0 ? { kind: 'accept' } : at % 7 === 0 ? jump('a') : drop);
  const one = (at: number): Rule =>
    at % 3 === 0
      ? rule({
          header: { protocol: UDP, source: sourceOf(at), sourceMask: 0xffffffff },
          matches: [udp(53)],
          target: target(at),
        })
      : from(sourceOf(at), target(at));
  return Array.from({ length: COUNT }, (_, at) => (at >= COUNT / 2 && at % 10 === 0 ? one(at - COUNT / 2) : one(at)));
}

/** Whether its rules ask for more fields of a packet than the machine has room for. */
function asksTooMuch(table: Table): boolean {
  try {
    compileTable(viewOf(table), { counterOf: (entry) => entry });
    return false;
  } catch (error) {
    if (error instanceof BpfilterError && error.message.includes(`more than ${FIELD_SLOTS} fields`)) return true;
    throw error;
  }
}

const source = (at: number) => `10.5.${at >> 8}.${at & 255}`;

describe.skipIf(bpfMissing !== undefined)(`the machine (${bpfMissing ?? 'here'})`, () => {
  for (const [name, cases] of Object.entries({ matching, broken, looking, searching, programs, flow })) {
    it.each(cases)(`${name}: $title`, ({ title, chains, options, packets }) => {
      const verdicts = expectAsJudged(makeTable(chains, options), packets, title);
      expect(verdicts).toEqual(packets.map((packet) => packet.accepted));
    });
  }

  it('refuses jumps that nest deeper than it remembers', () => {
    const deep = Array.from({ length: MOST_JUMPS + 1 }, (_, at) => [`c${at}`, [any(jump(`c${at + 1}`))]] as const);
    const table = makeTable({ INPUT: [any(jump('c0'))], ...Object.fromEntries(deep), [`c${MOST_JUMPS + 1}`]: [] });
    expect(() => compileTable(viewOf(table), { counterOf: (entry) => entry })).toThrow('deep');
  });

  it('looks up many rules of a shape: the first of them that matches counts', () => {
    const table = makeTable({ INPUT: manyRules(), OUTPUT: [any(jump('b'))], b: manyRules(), a: [port(1, drop)] });
    const image = compileTable(viewOf(table), { counterOf: (entry) => entry });
    // of rules alike the first one is found, as what is counted shows
    expect(image.lookedUp).toBe(2 * (COUNT - COUNT / 20));
    const packets = [0, 1, 3, 5, 7, 10, 14, 15, 30, 500, 999, 1000, 1007, 1010, 1995, 1999, 2000].flatMap((at) =>
      ([INPUT, OUTPUT] as const).flatMap((hook) => [
        arrival(true, udpTo(53), { hook, source: source(at) }),
        arrival(true, udpTo(54), { hook, source: source(at) }),
        arrival(true, to(1), { hook, source: source(at) }),
        arrival(true, to(53), { hook, source: source(at) }),
        // odd packets are compared with one rule after the other
        arrival(true, udpTo(53), { hook, source: source(at), fragmentOffset: 2 }),
        arrival(true, raw(UDP, '00'), { hook, source: source(at) }),
      ]),
    );
    const verdicts = expectAsJudged(table, packets);
    expect(new Set(verdicts).size).toBe(2);
  });

  it('packets by chance', () => {
    const chance = (probability: number, flags = 0) =>
      rule({
        matches: [match('statistic', 0, { mode: 0, flags, every: probability, packet: 0, count: 0, master: 0n })],
        target: count,
      });
    const rules = [chance(2 ** 30), chance(2 ** 29, 1), chance(0), chance(0, 1), chance(2 ** 31), chance(2 ** 31, 1)];
    const loaded = new LoadedTable(makeTable({ INPUT: rules }), new Set([INPUT]));
    const all = 4000;
    for (let left = all; left > 0; left -= 1) loaded.run(INPUT, accepted(to(80)).packet);
    const counted = (index: number) => Number(loaded.counters().get(index)?.packets ?? 0n);
    // a half and three quarters, six standard deviations to each side
    expect(Math.abs(counted(0) - all / 2)).toBeLessThan(6 * Math.sqrt(all / 4));
    expect(Math.abs(counted(1) - (3 * all) / 4)).toBeLessThan(6 * Math.sqrt((all * 3) / 16));
    expect([2, 3, 4, 5].map(counted)).toEqual([0, all, all, 0]);
  });

  it('turns, buckets and bytes left are exact where several processors count', { timeout: 60_000 }, async () => {
    const { bytes } = accepted(to(80)).packet;
    const [processes, times, left] = [3, 2_000_000, 1_500_000];
    const loaded = new LoadedTable(
      makeTable({
        INPUT: [
          rule({ matches: [statistic(6, 0)], target: count }),
          rule({ matches: [quota(BigInt(left * bytes.length + 1))], target: count }),
          rule({ matches: [bucket(HOUR, 37)], target: count }),
        ],
      }),
      new Set([INPUT]),
    );
    await loaded.runAtOnce(INPUT, bytes, processes, times);
    const counted = [...loaded.counters()].map(([index, { packets }]) => [index, Number(packets)]);
    const all = processes * times;
    expect(counted).toEqual([
      [0, Math.floor(all / 7)],
      [1, left],
      [2, 37],
      [3, all],
    ]);
  });

  it('a bucket fills with time, up to its brim', async () => {
    const perSecond = 10_000;
    const loaded = new LoadedTable(
      makeTable({ INPUT: [rule({ matches: [bucket(perSecond / 10, 3)], target: drop })] }),
      new Set([INPUT]),
    );
    const taken = () => {
      const started = performance.now();
      let packets = 0;
      while (!loaded.run(INPUT, accepted(to(80)).packet)) packets += 1;
      return { packets, seconds: (performance.now() - started) / 1000 };
    };
    const first = taken();
    expect(first.packets).toBeGreaterThanOrEqual(3);
    // as many more as it filled by meanwhile
    expect(first.packets).toBeLessThanOrEqual(4 + 10 * first.seconds);
    await setTimeout(150);
    expect(taken().packets).toBeGreaterThanOrEqual(1);
    await setTimeout(600);
    const last = taken();
    expect(last.packets).toBeGreaterThanOrEqual(3);
    expect(last.packets).toBeLessThanOrEqual(4 + 10 * last.seconds);
  });

  it('the processor that handles a packet', () => {
    const processors = 1 + Math.max(...possibleCpus());
    const onProcessor = (cpu: number, invert: number) =>
      rule({ matches: [match('cpu', 0, { cpu, invert })], target: count });
    const loaded = new LoadedTable(
      makeTable({
        INPUT: [
          ...Array.from({ length: processors }, (_, cpu) => onProcessor(cpu, 0)),
          onProcessor(processors, 1),
          onProcessor(processors, 0),
        ],
      }),
      new Set([INPUT]),
    );
    loaded.run(INPUT, accepted(to(80)).packet);
    const counted = [...loaded.counters().keys()];
    // by one of them, by the inverted one and by the policy
    expect(counted).toEqual([counted[0], processors, processors + 2]);
    expect(counted[0]).toBeLessThan(processors);
  });

  it('a lookup tells apart what has the same hash', () => {
    // as rules/bpf/lookup-table.test.ts has them
    const pairs = [
      ['11.98.167.203', '12.154.37.69', 0x0b62a7cb, 0x0c9a2545],
      ['11.213.140.7', '12.135.37.219', 0x0bd58c07, 0x0c8725db],
    ] as const;
    const between = (source: number, destination: number, target: TargetUse): Rule =>
      rule({ header: { source, sourceMask: 0xffffffff, destination, destinationMask: 0xffffffff }, target });
    const packets = pairs.map(([source, destination]) => arrival(true, to(1), { source, destination }));
    for (const some of [pairs, pairs.toReversed(), pairs.slice(0, 1), pairs.slice(1)]) {
      const rules = some.map(([, , source, destination], at) =>
        between(source, destination, at === 0 ? drop : { kind: 'accept' }),
      );
      const others = Array.from({ length: 20 }, (_, at) => between(sourceOf(at), sourceOf(at + 1), drop));
      expectAsJudged(makeTable({ INPUT: [...others, ...rules] }), packets);
    }
  });

  it('lookups of several shapes: whichever rule stands first', () => {
    const shapes = (at: number): Rule => {
      const address = sourceOf(at % 8);
      const target: TargetUse = at % 2 === 0 ? drop : { kind: 'accept' };
      if (at % 3 === 0) return from(address, target);
      if (at % 3 === 1) return rule({ header: { source: address & 0xfffffffe, sourceMask: 0xfffffffe }, target });
      return on(UDP, [udp(at % 16)], target);
    };
    for (let first = 0; first < 12; first += 1) {
      const table = makeTable({ INPUT: Array.from({ length: 96 }, (_, at) => shapes(at * 7 + first)) });
      expect(compileTable(viewOf(table), { counterOf: (entry) => entry }).lookedUp).toBeGreaterThan(0);
      const packets = Array.from({ length: 64 }, (_, at) => arrival(true, udpTo(at % 16), { source: source(at >> 2) }));
      expectAsJudged(table, packets, `from rule ${first}`);
    }
  });

  it('300 random tables', { timeout: 300_000 }, () => {
    let [drops, all, tooMuch] = [0, 0, 0];
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = randomFrom(seed);
      const focus = randomFocus(random);
      const isFilter = seed % 4 === 0;
      const hook: HookNumber = isFilter ? pick(random, [INPUT, FORWARD, OUTPUT]) : pick(random, [PREROUTING, OUTPUT]);
      const table = randomTable(random, focus, isFilter ? 'filter' : 'raw');
      const arrivals = Array.from({ length: 40 }, () => ({ hook, packet: randomPacket(random, focus) }));
      if (asksTooMuch(table)) {
        tooMuch += 1;
        continue;
      }
      const verdicts = expectAsJudged(table, arrivals, `seed ${seed}`);
      all += verdicts.length;
      drops += verdicts.filter((verdict) => !verdict).length;
    }
    expect(tooMuch).toBeLessThan(10);
    // they aren't all about the same
    expect(drops / all).toBeGreaterThan(0.2);
    expect(drops / all).toBeLessThan(0.8);
  });
});
