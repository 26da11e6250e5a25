import { describe, expect, it } from 'vitest';
import { type ConntrackInfo, type Endpoint, conntrackFlag as flag } from '../conntrack/info.ts';
import type { Names } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import { checking } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { conntrack } from './conntrack.ts';

const names: Names = { ...noNames, address: (address) => (address === 0x7f000001 ? 'localhost' : undefined) };

const union = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes, ...new Uint8Array(16 - bytes.length));
const nowhere = { address: union(0, 0, 0, 0), mask: union(0, 0, 0, 0) };
const addresses = (some: Partial<ConntrackInfo['addresses']> = {}) => ({
  origsrc: nowhere,
  origdst: nowhere,
  replsrc: nowhere,
  repldst: nowhere,
  ...some,
});
const ports = (some: Partial<Record<Endpoint, [number, number]>> = {}) => {
  const of = (end: Endpoint) => ({ low: some[end]?.[0] ?? 0, high: some[end]?.[1] ?? 0 });
  return { origsrc: of('origsrc'), origdst: of('origdst'), replsrc: of('replsrc'), repldst: of('repldst') };
};
const make = (matchFlags: number, invertFlags = 0, some: Partial<ConntrackInfo> = {}): ConntrackInfo => ({
  addresses: addresses(),
  ports: ports(),
  expires: { min: 0, max: 0 },
  protocol: 0,
  matchFlags,
  invertFlags,
  states: 0,
  statuses: 0,
  ...some,
});

const tcp: HeaderMatch = { ...anyHeader, protocol: 6 };
const icmp: HeaderMatch = { ...anyHeader, protocol: 1 };
const gre: HeaderMatch = { ...anyHeader, protocol: 47 };
const states = (mask: number, inverted = false) => make(flag.state, inverted ? flag.state : 0, { states: mask });
const from = (address: number[], mask: number[], inverted = false) =>
  make(flag.origsrc, inverted ? flag.origsrc : 0, {
    addresses: addresses({ origsrc: { address: union(...address), mask: union(...mask) } }),
  });
const expires = (min: number, max: number, inverted = false) =>
  make(flag.expires, inverted ? flag.expires : 0, { expires: { min, max } });
const port = (low: number, high: number, some: Partial<ConntrackInfo> = {}, inverted = false) =>
  make(flag.origdstPort, inverted ? flag.origdstPort : 0, { ports: ports({ origdst: [low, high] }), ...some });
const protocol = (number: number, inverted = false) =>
  make(flag.protocol, inverted ? flag.protocol : 0, { protocol: number });
const status = (mask: number, inverted = false) => make(flag.status, inverted ? flag.status : 0, { statuses: mask });

interface Case {
  readonly info: ConntrackInfo;
  readonly saved: string;
  /** nft's own text for each alternative. */
  readonly nft: readonly string[];
  readonly header?: HeaderMatch;
  /** -L without -n, where it isn't `saved` without its dashes. */
  readonly words?: string;
  readonly comment?: string;
}

const allProtocols = 'ct protocol { 0-255 }';
const cases: readonly Case[] = [
  { info: states(0x08), saved: ' --ctstate NEW', nft: ['ct state new'] },
  {
    info: states(0x07),
    saved: ' --ctstate INVALID,RELATED,ESTABLISHED',
    nft: ['ct state invalid,established,related'],
  },
  { info: states(0x08, true), saved: ' ! --ctstate NEW', nft: ['ct state invalid,established,related,untracked'] },
  { info: states(0x100), saved: ' --ctstate UNTRACKED', nft: ['ct state untracked'] },
  { info: states(0x01, true), saved: ' ! --ctstate INVALID', nft: ['ct state established,related,new,untracked'] },
  { info: states(0x40), saved: ' --ctstate SNAT', nft: ['ct status snat'] },
  { info: states(0xc0), saved: ' --ctstate SNAT,DNAT', nft: ['ct status snat,dnat'] },
  { info: states(0x80, true), saved: ' ! --ctstate DNAT', nft: ['ct state invalid,untracked', 'ct status ! dnat'] },
  {
    info: states(0x88),
    saved: ' --ctstate NEW,DNAT',
    nft: ['ct state new', 'ct state established,related ct status dnat'],
  },
  {
    info: states(0x89),
    saved: ' --ctstate INVALID,NEW,DNAT',
    nft: ['ct state invalid,new', 'ct state established,related ct status dnat'],
  },
  {
    info: states(0x88, true),
    saved: ' ! --ctstate NEW,DNAT',
    nft: ['ct state invalid,untracked', 'ct state established,related ct status ! dnat'],
  },
  { info: states(0), saved: ' --ctstate', nft: ['ct state == 0x0'] },
  {
    info: states(0x10f),
    saved: ' --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED',
    nft: ['ct state invalid,established,related,new,untracked'],
  },
  {
    info: states(0x10f, true),
    saved: ' ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED',
    nft: ['ct state == 0x0'],
  },
  {
    info: make(flag.state | flag.stateAlias, 0, { states: 0x06 }),
    saved: ' --state RELATED,ESTABLISHED',
    nft: ['ct state established,related'],
  },
  // Packets without an entry pass on their state alone.
  {
    info: make(flag.state | flag.direction, flag.direction, { states: 0x03 }),
    saved: ' --ctstate INVALID,ESTABLISHED --ctdir REPLY',
    nft: ['ct state invalid', 'ct state established ct direction reply'],
  },
  { info: make(0), saved: '', nft: ['ct state established,related,new'] },
  { info: make(flag.direction), saved: ' --ctdir ORIGINAL', nft: ['ct direction original'] },
  { info: make(flag.direction, flag.direction), saved: ' --ctdir REPLY', nft: ['ct direction reply'] },
  { info: protocol(6), saved: ' --ctproto 6', nft: ['ct protocol tcp'] },
  { info: protocol(17, true), saved: ' ! --ctproto 17', nft: ['ct protocol != udp'] },
  { info: protocol(6), header: icmp, saved: ' --ctproto 6', nft: ['ct protocol 6-6'] },
  { info: protocol(300), saved: ' --ctproto 300', nft: ['ct state == 0x0'] },
  { info: protocol(300, true), saved: ' ! --ctproto 300', nft: ['ct state established,related,new'] },
  {
    info: from([127, 0, 0, 1], [255, 255, 255, 255]),
    saved: ' --ctorigsrc 127.0.0.1',
    words: ' ctorigsrc localhost',
    nft: ['ct original ip saddr 127.0.0.1'],
  },
  {
    info: from([10, 1, 2, 3], [255, 0, 0, 0]),
    saved: ' --ctorigsrc 10.1.2.3/8',
    nft: ['ct original ip saddr 10.0.0.0/8'],
  },
  {
    info: from([10, 1, 2, 3], [255, 255, 240, 0], true),
    saved: ' ! --ctorigsrc 10.1.2.3/20',
    nft: ['ct original ip saddr != 10.1.0.0/20'],
  },
  {
    info: from([10, 0, 1, 9], [255, 0, 255, 0]),
    saved: ' --ctorigsrc 10.0.1.9/255.0.255.0',
    nft: ['ct original ip saddr & 255.0.255.0 == 10.0.1.0'],
  },
  {
    info: from([0, 0, 0, 0], [255, 255, 255, 255], true),
    saved: ' ! --ctorigsrc 0.0.0.0',
    words: ' ! ctorigsrc anywhere',
    nft: ['ct original ip saddr != 0.0.0.0'],
  },
  {
    info: from([0, 0, 0, 0], [0, 0, 0, 0]),
    saved: ' --ctorigsrc 0.0.0.0/0',
    words: ' ctorigsrc anywhere',
    nft: ['ct state established,related,new'],
  },
  { info: from([1, 2, 3, 4], [0, 0, 0, 0], true), saved: ' ! --ctorigsrc 1.2.3.4/0', nft: ['ct state == 0x0'] },
  {
    info: make(flag.origdst | flag.replsrc | flag.repldst, flag.replsrc, {
      addresses: addresses({
        origdst: { address: union(1, 1, 1, 1), mask: union(255, 255, 255, 255) },
        replsrc: { address: union(2, 2, 2, 2), mask: union(255, 255, 255, 255) },
        repldst: { address: union(3, 3, 3, 0), mask: union(255, 255, 255, 0) },
      }),
    }),
    saved: ' --ctorigdst 1.1.1.1 ! --ctreplsrc 2.2.2.2 --ctrepldst 3.3.3.0/24',
    nft: ['ct original ip daddr 1.1.1.1 ct reply ip saddr != 2.2.2.2 ct reply ip daddr 3.3.3.0/24'],
  },
  { info: port(80, 80), header: tcp, saved: ' --ctorigdstport 80', nft: ['meta l4proto tcp ct original proto-dst 80'] },
  {
    info: port(80, 90, {}, true),
    header: tcp,
    saved: ' ! --ctorigdstport 80:90',
    nft: ['meta l4proto tcp ct original proto-dst != 80-90'],
  },
  {
    info: port(80, 80, { matchFlags: flag.protocol | flag.origdstPort, protocol: 6 }),
    saved: ' --ctproto 6 --ctorigdstport 80',
    nft: ['ct protocol tcp ct original proto-dst 80'],
  },
  {
    info: port(0x300, 0x300, { matchFlags: flag.protocol | flag.origdstPort, protocol: 17 }),
    header: icmp,
    saved: ' --ctproto 17 --ctorigdstport 768',
    nft: ['ct protocol 17-17 meta l4proto icmp ct original proto-dst 768'],
  },
  {
    info: port(80, 80),
    saved: ' --ctorigdstport 80',
    nft: [`${allProtocols} ct original proto-dst 0x50 [invalid type]`],
    comment: 'ctorigdstport 80',
  },
  {
    info: port(80, 90, {}, true),
    header: gre,
    saved: ' ! --ctorigdstport 80:90',
    nft: [`${allProtocols} ct original proto-dst != 0x50 [invalid type]-0x5a [invalid type]`],
    comment: '! ctorigdstport 80:90',
  },
  {
    info: port(80, 80),
    header: { ...tcp, inverted: 0x40 },
    saved: ' --ctorigdstport 80',
    nft: [`${allProtocols} ct original proto-dst 0x50 [invalid type]`],
    comment: 'ctorigdstport 80',
  },
  { info: port(5, 0), saved: ' --ctorigdstport 5', nft: ['ct state == 0x0'] },
  { info: port(0, 65535), saved: ' --ctorigdstport 0:65535', nft: ['ct state established,related,new'] },
  {
    info: make(flag.origsrcPort | flag.replsrcPort | flag.repldstPort, 0, {
      ports: ports({ origsrc: [1, 2], replsrc: [3, 3], repldst: [4, 5] }),
    }),
    header: tcp,
    saved: ' --ctorigsrcport 1:2 --ctreplsrcport 3 --ctrepldstport 4:5',
    nft: ['meta l4proto tcp ct original proto-src 1-2 ct reply proto-src 3 ct reply proto-dst 4-5'],
  },
  { info: status(0), saved: ' --ctstatus NONE', nft: ['ct state == 0x0'] },
  { info: status(0, true), saved: ' ! --ctstatus NONE', nft: ['ct state established,related,new'] },
  {
    info: status(0x0f),
    saved: ' --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED',
    nft: ['ct status expected,seen-reply,assured,confirmed'],
  },
  { info: status(0x02, true), saved: ' ! --ctstatus SEEN_REPLY', nft: ['ct status ! seen-reply'] },
  { info: status(0x40), saved: ' --ctstatus', nft: ['ct status 0x40'] },
  { info: expires(10, 10), saved: ' --ctexpire 10', nft: ['ct expiration 10s-10s'] },
  { info: expires(1, 5, true), saved: ' ! --ctexpire 1:5', nft: ['ct expiration != 1s-5s'] },
  { info: expires(0, 5), saved: ' --ctexpire 0:5', nft: ['ct expiration <= 5s999ms'] },
  { info: expires(0, 5, true), saved: ' ! --ctexpire 0:5', nft: ['ct expiration > 5s999ms'] },
  { info: expires(7, 4294967295), saved: ' --ctexpire 7:4294967295', nft: ['ct expiration >= 7s'] },
  { info: expires(7, 4294967295, true), saved: ' ! --ctexpire 7:4294967295', nft: ['ct expiration < 7s'] },
  { info: expires(0, 4294967295), saved: ' --ctexpire 0:4294967295', nft: ['ct state established,related,new'] },
  { info: expires(4294967295, 4294967295), saved: ' --ctexpire 4294967295', nft: ['ct state == 0x0'] },
  { info: expires(9, 3, true), saved: ' ! --ctexpire 9:3', nft: ['ct state established,related,new'] },
];

describe('conntrack', () => {
  it('has the sizes of struct xt_conntrack_mtinfo1, 2 and 3', () => {
    expect([1, 2, 3].map((revision) => conntrack.revisions[revision]?.size)).toEqual([152, 156, 164]);
  });

  it.each(cases)('-m conntrack$saved', ({ info, saved, words, header = anyHeader }) => {
    const plain = saved.replaceAll('--', '');
    expect(conntrack.save(info, { header })).toBe(saved);
    expect(conntrack.print(info, { numeric: true, names, header })).toBe(plain);
    expect(conntrack.print(info, { numeric: false, names, header })).toBe(words ?? plain);
  });

  it('is saved as -m state where it was written so', () => {
    expect(conntrack.alias?.(make(flag.state | flag.stateAlias))).toBe('state');
    expect(conntrack.alias?.(make(flag.state))).toBe('conntrack');
  });

  it.each(cases)('$saved: alternatives', ({ info, nft, comment, header = anyHeader }) => {
    const match = conntrack.nft(info, checking(header));
    expect(match.alternatives).toHaveLength(nft.length);
    expect(match.comment).toBe(comment);
    expect(match.stateful ?? false).toBe(false);
  });

  it.each([
    { min: 4_294_967, max: 4_294_967 },
    { min: 0, max: 21_474_836 },
    { min: 5_000_000, max: 4_294_967_295 },
  ])('--ctexpire $min:$max is too long for nft', ({ min, max }) => {
    expect(() => conntrack.nft(expires(min, max), checking())).toThrow('32 bits of milliseconds');
  });

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    const loaded = loadRules(
      cases.flatMap(({ info, header = anyHeader }) => conntrack.nft(info, checking(header)).alternatives),
    );
    expect(loaded.map(({ text }) => text)).toEqual(cases.flatMap(({ nft }) => nft));
  });
});

/** What packets show: XT_CONNTRACK_STATE_*, and IPS_* of those with a connection. */
const [invalid, untracked] = [{ conntrackState: 1 }, { conntrackState: 0x100 }] as const;
const connection = (conntrackState: number, conntrackStatus = 0) => ({ conntrackState, conntrackStatus });

describeBpf(conntrack, {
  examples: [
    {
      name: 'states',
      info: make(flag.state, 0, { states: 0x06 }),
      takes: [connection(2), connection(4), connection(0x82)],
      leaves: [connection(8), invalid, untracked, connection(0xc8)],
    },
    {
      name: 'not states',
      info: make(flag.state, flag.state, { states: 0x06 }),
      takes: [connection(8), invalid, untracked, connection(0xc8)],
      leaves: [connection(2), connection(4), connection(0x82)],
    },
    {
      name: 'INVALID and UNTRACKED',
      info: make(flag.state | flag.stateAlias, 0, { states: 0x101 }),
      takes: [invalid, untracked],
      leaves: [connection(2), connection(8)],
    },
    {
      name: 'SNAT, or NEW',
      info: make(flag.state, 0, { states: 0x48 }),
      takes: [connection(0x42), connection(0xc4), connection(8), connection(0x48)],
      leaves: [connection(2), connection(0x82), invalid, untracked],
    },
    {
      name: 'not DNAT',
      info: make(flag.state, flag.state, { states: 0x80 }),
      takes: [connection(2), connection(0x42), invalid, untracked],
      leaves: [connection(0x82), connection(0xc2)],
    },
    { name: 'no state', info: make(flag.state), leaves: [connection(2), invalid, untracked] },
    { name: 'not no state', info: make(flag.state, flag.state), takes: [connection(2), invalid, untracked] },
    {
      name: 'status: packets without a connection have none',
      info: make(flag.status, 0, { statuses: 0x06 }),
      takes: [connection(2, 2), connection(8, 4), connection(2, 0xffff)],
      leaves: [
        connection(2, 1),
        connection(8, 0),
        { ...invalid, conntrackStatus: 2 },
        { ...untracked, conntrackStatus: 2 },
      ],
    },
    {
      name: 'not a status',
      info: make(flag.status, flag.status, { statuses: 0x06 }),
      takes: [connection(2, 1), connection(8, 0)],
      leaves: [connection(2, 2), connection(8, 4), { ...invalid, conntrackStatus: 0 }],
    },
    { name: 'status NONE', info: make(flag.status), leaves: [connection(2, 0), connection(2, 0xffff), invalid] },
    {
      name: 'not status NONE',
      info: make(flag.status, flag.status),
      takes: [connection(2, 0), connection(2, 0xffff)],
      leaves: [{ ...invalid, conntrackStatus: 0 }],
    },
    {
      name: 'a state and a status: the status is asked of connections only',
      info: make(flag.state | flag.status, 0, { states: 0x03, statuses: 4 }),
      takes: [invalid, connection(2, 4)],
      leaves: [connection(2, 2), connection(8, 4), untracked],
    },
    {
      name: 'neither a state nor a status',
      info: make(flag.state | flag.status, flag.state | flag.status, { states: 0x02, statuses: 4 }),
      takes: [invalid, untracked, connection(8, 2)],
      leaves: [connection(2, 2), connection(8, 4)],
    },
    {
      name: 'nothing: a connection',
      info: make(0),
      takes: [connection(2), connection(8)],
      leaves: [invalid, untracked],
    },
    {
      name: 'a protocol',
      info: make(flag.protocol, 0, { protocol: 6 }),
      takes: [{ ...connection(2), ctProtocol: 6 }],
      leaves: [{ ...connection(2), ctProtocol: 17 }, invalid, untracked],
    },
    {
      name: 'a protocol that there is not, inverted',
      info: make(flag.protocol, flag.protocol, { protocol: 0x106 }),
      takes: [{ ...connection(2), ctProtocol: 6 }],
      leaves: [invalid],
    },
    ...(['origsrc', 'origdst', 'replsrc', 'repldst'] as const).flatMap((end, at) => {
      const field = (['ctOriginalSource', 'ctOriginalDestination', 'ctReplySource', 'ctReplyDestination'] as const)[at];
      const ip = {
        address: Buffer.from('0a010200'.padEnd(32, '0'), 'hex'),
        mask: Buffer.from('ffffff00'.padEnd(32, '0'), 'hex'),
      };
      const at3 = { ...make(0).addresses, [end]: ip };
      const ranges = { ...make(0).ports, [end]: { low: 80, high: 0x1234 } };
      const from = (value: number) => ({ ...connection(8), [`${field}`]: value });
      const port = (value: number) => ({ ...connection(8), [`${field}Port`]: value });
      return [
        {
          name: `${end}: a network`,
          info: make(flag[end], 0, { addresses: at3 }),
          takes: [from(0x0a010200), from(0x0a0102ff)],
          leaves: [from(0x0a010300), from(0x8a010200), invalid],
        },
        {
          name: `${end}: not a network, or no connection`,
          info: make(flag[end] | flag.state, flag[end], { addresses: at3, states: 9 }),
          takes: [from(0x0a010300), invalid],
          leaves: [from(0x0a010200), connection(2), untracked],
        },
        {
          name: `${end}: ports`,
          info: make(flag[`${end}Port`], 0, { ports: ranges }),
          takes: [port(80), port(0x1234)],
          leaves: [port(79), port(0x1235), invalid],
        },
        {
          name: `${end}: other ports`,
          info: make(flag[`${end}Port`], flag[`${end}Port`], { ports: ranges }),
          takes: [port(79), port(0x1235)],
          leaves: [port(80), invalid],
        },
      ];
    }),
    {
      name: 'when it expires',
      info: make(flag.expires, 0, { expires: { min: 5, max: 0xffffffff } }),
      takes: [{ ...connection(2), ctExpires: 5 }],
      leaves: [{ ...connection(2), ctExpires: 4 }, invalid],
    },
    {
      name: 'when it does not expire; upside down',
      info: make(flag.expires, flag.expires, { expires: { min: 5, max: 4 } }),
      takes: [{ ...connection(2), ctExpires: 5 }],
      leaves: [untracked],
    },
    {
      name: 'directions',
      info: make(flag.direction),
      takes: [{ ...connection(2), ctDirection: 0 }],
      leaves: [{ ...connection(2), ctDirection: 1 }, untracked],
    },
    {
      name: 'answers',
      info: make(flag.direction, flag.direction),
      takes: [{ ...connection(2), ctDirection: 1 }],
      leaves: [{ ...connection(2), ctDirection: 0 }, untracked],
    },
    {
      name: 'inversions of what is not asked',
      info: make(flag.state, 0xffff & ~flag.state, { states: 2 }),
      takes: [connection(2)],
      leaves: [connection(8), invalid],
    },
  ],
});
