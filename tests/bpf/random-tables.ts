import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import type { HeaderMatch, MatchUse, Rule, Table, TableName, TargetUse } from '../../rules/ir.ts';
import { device, match, rule } from '../../rules/nft/testing/rules.ts';
import { pick, type Random } from '../harness/random.ts';
import {
  AH,
  bit,
  bytes,
  DCCP,
  ESP,
  type Focus,
  ICMP,
  IPCOMP,
  icmpBytes,
  inNames,
  lengths,
  marks,
  masks,
  once,
  SCTP,
  type Some,
  spis,
  TCP,
  UDP,
  UDPLITE,
} from './focus.ts';
import { bucket, classic, quota, statistic, text, u32 } from './match-uses.ts';
import { makeTable } from './tables.ts';

type Pair = readonly [number, number];

/** Mostly the right way round, often one value. */
function range(random: Random, values: Some<number>): Pair {
  const [one, other] = [pick(random, values), pick(random, values)];
  if (once(random, 2)) return [one, one];
  return once(random, 12) ? [one, other] : [Math.min(one, other), Math.max(one, other)];
}

function portRange(random: Random, focus: Focus): Pair {
  return once(random, 2) ? [0, 0xffff] : range(random, focus.ports);
}

const pair = (random: Random, focus: Focus) => ({
  spts: portRange(random, focus),
  dpts: portRange(random, focus),
  invflags: pick(random, [0, 0, 1, 2, 3]),
});
const inversion = (random: Random): number => pick(random, [0, 0, 0, 1, 1, 2]);
const value32 = (random: Random) => {
  const mask = pick(random, [0xffffffff, 0xffffffff, 0xf, 0x80000001, 0]);
  const value = pick(random, marks);
  return { mark: once(random, 8) ? value : (value & mask) >>> 0, mask, invert: inversion(random) };
};

type MakeMatch = (random: Random, focus: Focus) => MatchUse;

const u32Texts = [
  '0>>22&0x3c@0>>16=0:79,81:65535',
  '0>>22&0x3c@0&0xffff=80,443,1',
  '0>>22&0x3c@12=0:0x7fffffff',
  '6&0xff=6,17,47',
  '4&0x3fff=0',
  '12&0xff=1,2',
  '40=0:0xffffffff',
  '16<<24>>24=1',
] as const;

/** Of few bytes, that packets have now and then. */
const texts = ['\x00', '\x50', '\x00\x50', 'aAa', '\0\0', 'b', 'Ab', 'abAbaB', '\x01'] as const;

const programs = [
  '48 0 0 9,21 0 6 6,40 0 0 6,69 4 0 8191,177 0 0 0,72 0 0 2,21 0 1 80,6 0 0 65535,6 0 0 0',
  '177 0 0 0,64 0 0 0,7 0 0 0,48 0 0 8,44 0 0 0,22 0 0 0',
  '48 0 0 33,2 0 0 3,128 0 0 0,7 0 0 0,96 0 0 3,45 0 1 0,6 0 0 1,6 0 0 0',
  '1 0 0 0,80 0 0 30,100 0 0 3,22 0 0 0',
] as const;

/** Matches for any protocol. */
const anywhere: Some<MakeMatch> = [
  (random) => match('mark', 1, value32(random)),
  (random) => match('connmark', 1, value32(random)),
  (random) => match('state', 0, { mask: pick(random, [1, 8, 0x40, 0xfffffff7]) }),
  (random) => match('ttl', 0, { mode: random(5), ttl: pick(random, bytes) }),
  (random) => match('tos', 1, { tos_mask: pick(random, bytes), tos_value: pick(random, bytes), invert: bit(random) }),
  (random) => match('dscp', 0, { dscp: pick(random, [0, 2, 4, 0x2e, 0x3f]), invert: bit(random) }),
  (random) => match('ecn', 0, { operation: 1, invert: bit(random), ip_ect: random(4), ect: 0 }),
  (random) => {
    const [min, max] = range(random, lengths);
    return match('length', 0, { min, max, invert: inversion(random) });
  },
  (random) => match('pkttype', 0, { pkttype: random(4), invert: inversion(random) }),
  (random) => match('comment', 0, { comment: new Uint8Array(256).fill(0x61, 0, random(9)) }),
  (random) => statistic(random(4), random(4), bit(random)),
  (random) => quota(BigInt(random(800)), bit(random)),
  (random) => bucket(36_000_000, 1 + random(20)),
  (random) =>
    u32(
      Array.from({ length: 1 + random(3) }, () => pick(random, u32Texts)),
      inversion(random),
    ),
  (random) =>
    text(pick(random, texts), {
      from: pick(random, [0, 0, 20, 21, 30, 70]),
      to: pick(random, [0xffff, 0xffff, 70, 40, 41]),
      algorithm: pick(random, ['bm', 'kmp']),
      ignoreCase: once(random, 3),
      invert: once(random, 3),
    }),
  (random) => classic(pick(random, programs)),
  (random) => match('mac', 0, { srcaddr: new Uint8Array(6), invert: inversion(random) }),
  (random) =>
    match('devgroup', 0, {
      flags: pick(random, [1, 3]),
      src_group: random(2),
      src_mask: pick(random, [0, 1, 0xffffffff]),
      dst_group: 0,
      dst_mask: 0,
    }),
  (random, focus) => {
    const [source, destination] = [range(random, focus.addresses), range(random, focus.addresses)];
    const end = (address: number) => ({ ip: address, rest: new Uint8Array(12) });
    return match('iprange', 1, {
      src_min: end(source[0]),
      src_max: end(source[1]),
      dst_min: end(destination[0]),
      dst_max: end(destination[1]),
      flags: random(4) | (random(4) << 4),
    });
  },
  (random) =>
    match('conntrack', 3, {
      addresses: Object.fromEntries(ends.map((end) => [end, noAddress])),
      ports: Object.fromEntries(ends.map((end) => [end, { low: 0, high: 0 }])),
      expires: { min: 0, max: 0 },
      protocol: 0,
      matchFlags: pick(random, [0, 1, 1, 0x40, 0x41]),
      invertFlags: pick(random, [0, 0, 1, 0x40, 0x41]),
      states: pick(random, [0, 1, 6, 0x109, 0xc0]),
      statuses: pick(random, [0, 2, 0xf]),
    }),
];
const ends = ['origsrc', 'origdst', 'replsrc', 'repldst'] as const;
const noAddress = { address: new Uint8Array(16), mask: new Uint8Array(16) };

function multiport(random: Random, focus: Focus): MatchUse {
  const slots = new Array<number>(15).fill(0);
  const list = { ports: [...slots], pflags: [...slots] };
  let count = 0;
  for (let left = random(5); left > 0; left -= 1) {
    const [low, high] = range(random, focus.ports).toSorted((one, other) => one - other) as [number, number];
    list.ports[count] = low;
    if (low !== high) {
      list.pflags[count] = 1;
      list.ports[count + 1] = high;
      count += 1;
    }
    count += 1;
  }
  return match('multiport', 1, { flags: random(3), count, ...list, invert: inversion(random) });
}

const tcp: MakeMatch = (random, focus) =>
  match('tcp', 0, {
    ...pair(random, focus),
    option: once(random, 6) ? pick(random, [1, 2, 4, 8]) : 0,
    flg_mask: pick(random, [0, 0, 0, 0x17, 2, 0xff]),
    flg_cmp: pick(random, [0, 0, 2]),
    invflags: pick(random, [0, 0, 0, 1, 2, 4, 7, 8]),
  });

const noChunks = {
  chunkmap: new Array<number>(64).fill(0),
  chunk_match_type: 0,
  flag_info: Array.from({ length: 4 }, () => ({ chunktype: 0, flag: 0, flag_mask: 0 })),
  flag_count: 0,
};

/** Ports, and in DCCP types, that are asked for by flags; none is inverted that isn't. */
function asked(random: Random, focus: Focus, all: number) {
  const flags = random(all + 1);
  return { ...pair(random, focus), flags, invflags: flags & random(all + 1) };
}

/** Matches that read the header of one protocol. */
const byProtocol: Readonly<Record<number, MakeMatch>> = {
  [TCP]: (random, focus) =>
    once(random, 8)
      ? match('tcpmss', 0, { mss_min: 0, mss_max: pick(random, [0, 0x50, 0xffff]), invert: bit(random) })
      : once(random, 4)
        ? match('ecn', 0, {
            operation: pick(random, [0x10, 0x20, 0x30, 0x31]),
            invert: random(4) << 4,
            ip_ect: 0,
            ect: 0,
          })
        : tcp(random, focus),
  [UDP]: (random, focus) => match('udp', 0, pair(random, focus)),
  [UDPLITE]: (random, focus) => match('udplite', 0, pair(random, focus)),
  [ICMP]: (random) =>
    match('icmp', 0, { type: pick(random, icmpBytes), code: range(random, icmpBytes), invflags: bit(random) }),
  [ESP]: (random) => match('esp', 0, { spis: range(random, spis), invflags: bit(random) }),
  [AH]: (random) => match('ah', 0, { spis: range(random, spis), invflags: bit(random) }),
  [SCTP]: (random, focus) => match('sctp', 0, { ...noChunks, ...asked(random, focus, 3) }),
  [DCCP]: (random, focus) =>
    match('dccp', 0, { ...asked(random, focus, 7), typemask: pick(random, [0, 1, 6, 0xffff]), option: 0 }),
  [IPCOMP]: (random, focus) =>
    match('ipcomp', 0, { spis: range(random, [...focus.ports, 0x10000]), invflags: bit(random), hdrres: 0 }),
};

function matchesFor(random: Random, focus: Focus, protocol: number): readonly MatchUse[] {
  const found: MatchUse[] = [];
  for (let left = pick(random, [0, 1, 1, 1, 2, 3]); left > 0; left -= 1) {
    const own = byProtocol[protocol];
    const hasPorts = [TCP, UDP, UDPLITE, SCTP, DCCP].some((one) => one === protocol);
    if (hasPorts && once(random, 4)) found.push(multiport(random, focus));
    else found.push(own !== undefined && !once(random, 3) ? own(random, focus) : pick(random, anywhere)(random, focus));
  }
  return found;
}

function randomRule(random: Random, focus: Focus, target: TargetUse): Rule {
  const mask = (most: number) => (once(random, most) ? pick(random, masks) : 0);
  const [sourceMask, destinationMask] = [mask(4), mask(6)];
  // a bit outside of the mask can't be met
  const under = (bits: number) => (pick(random, focus.addresses) & (once(random, 60) ? 0xffffffff : bits)) >>> 0;
  const inverts = (flag: number, many = 5) => (once(random, many) ? flag : 0);
  const protocol = once(random, 60) ? 300 : once(random, 3) ? 0 : pick(random, focus.protocols);
  const invertsProtocol = protocol === 0 ? 0 : inverts(IPT_INV_PROTO, 8);
  const names = once(random, 10) ? { inInterface: device(pick(random, inNames)) } : {};
  const outs = once(random, 16) ? { outInterface: device(pick(random, ['eth0', 'e+', 'lo'])) } : {};
  const fragment = once(random, 16) ? IPT_F_FRAG : 0;
  const header: Partial<HeaderMatch> = {
    source: under(sourceMask),
    sourceMask,
    destination: under(destinationMask),
    destinationMask,
    protocol,
    ...names,
    ...outs,
    flags: fragment,
    inverted:
      (sourceMask !== 0 ? inverts(IPT_INV_SRCIP) : inverts(IPT_INV_SRCIP, 60)) |
      (destinationMask !== 0 ? inverts(IPT_INV_DSTIP) : 0) |
      inverts(IPT_INV_VIA_IN, 'inInterface' in names ? 3 : 200) |
      inverts(IPT_INV_VIA_OUT, 'outInterface' in outs ? 2 : 200) |
      inverts(IPT_INV_FRAG, fragment !== 0 ? 2 : 200) |
      invertsProtocol,
  };
  return rule({ header, matches: matchesFor(random, focus, invertsProtocol === 0 ? protocol : 0), target });
}

/** A run of rules that a lookup can stand for, with duplicates; now and then another one in between. */
function sameShapes(random: Random, focus: Focus, targets: () => TargetUse): readonly Rule[] {
  const shapes = 1 + random(3);
  const [protocol] = focus.protocols;
  const own = byProtocol[protocol];
  return Array.from({ length: 16 + random(30) }, () => {
    if (once(random, 60)) return randomRule(random, focus, targets());
    const shape = random(shapes);
    const [address, port] = [pick(random, focus.addresses), pick(random, focus.ports)];
    const header =
      shape === 2 ? { destination: address, destinationMask: 0xffffffff } : { source: address, sourceMask: 0xffffffff };
    const withPort = { spts: [0, 0xffff], dpts: [port, port], invflags: 0 };
    const matches = shape === 0 || own === undefined ? [] : [portMatch(protocol, withPort) ?? own(random, focus)];
    const target = targets();
    // what is only counted is no end, and breaks a run
    const end: TargetUse = target.kind === 'continue' && !once(random, 60) ? { kind: 'drop' } : target;
    return rule({ header: { protocol, ...header }, matches, target: end });
  });
}

function portMatch(protocol: number, ports: object): MatchUse | undefined {
  if (protocol === UDP || protocol === UDPLITE) return match(protocol === UDP ? 'udp' : 'udplite', 0, ports);
  if (protocol !== TCP) return undefined;
  return match('tcp', 0, { ...ports, option: 0, flg_mask: 0, flg_cmp: 0 });
}

export function randomTable(random: Random, focus: Focus, table: TableName): Table {
  const users = Array.from({ length: random(7) }, (_, at) => `chain${at}`);
  const rulesOf = (later: readonly string[]): readonly Rule[] => {
    const target = (): TargetUse => {
      const [first, ...rest] = later;
      if (first !== undefined && once(random, 3))
        return { kind: pick(random, ['jump', 'jump', 'goto']), chain: pick(random, [first, ...rest]) };
      return once(random, 2) ? { kind: 'continue' } : { kind: pick(random, ['accept', 'drop', 'return']) };
    };
    const run = once(random, 4) ? sameShapes(random, focus, target) : [];
    return [...Array.from({ length: random(10) }, () => randomRule(random, focus, target())), ...run];
  };
  const builtins = table === 'raw' ? ['PREROUTING', 'OUTPUT'] : ['INPUT', 'FORWARD', 'OUTPUT'];
  const chains = [
    ...builtins.map((name) => [name, rulesOf(users)] as const),
    ...users.map((name, at) => [name, rulesOf(users.slice(at + 1))] as const),
  ];
  const policies = Object.fromEntries(builtins.map((name) => [name, pick(random, ['accept', 'drop'] as const)]));
  return makeTable(Object.fromEntries(chains), { table, policies });
}
