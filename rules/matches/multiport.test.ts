import { describe, expect, it } from 'vitest';
import { isFirst } from '../nft/fragment.ts';
import { checking, texts } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { headerOf } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { type MultiportInfo, multiport } from './multiport.ts';

const header = headerOf(6);
const [SOURCE, DESTINATION, EITHER] = [0, 1, 2];

/** A number stands for a port, a pair for a range. */
function info(
  flags: number,
  parts: readonly (number | readonly [number, number])[],
  rest: { readonly invert?: number; readonly count?: number; readonly pflags?: Readonly<Record<number, number>> } = {},
): MultiportInfo {
  const ports = parts.flat();
  const begins = parts.flatMap((part) => (typeof part === 'number' ? [0] : [1, 0]));
  const fill = (values: readonly number[]) => Array.from({ length: 15 }, (_, i) => rest.pflags?.[i] ?? values[i] ?? 0);
  const blob = Uint8Array.of(
    flags,
    rest.count ?? ports.length,
    ...new Uint8Array(Uint16Array.from({ length: 15 }, (_, i) => ports[i] ?? 0).buffer),
    ...fill(begins),
    rest.invert ?? 0,
    0, // padding
  );
  return multiport.revisions[1]?.decode(blob) as MultiportInfo;
}

const port = (field: string) => ({ payload: { protocol: 'tcp', field } });
const is = (field: string, right: unknown) => ({ match: { op: '==', left: port(field), right } });
const isNot = (field: string, right: unknown) => ({ match: { op: '!=', left: port(field), right } });

interface Case {
  readonly name: string;
  readonly info: MultiportInfo;
  readonly list: string;
  readonly numeric?: string;
  readonly save: string;
  /** Alternatives, without the fragment test that ends each. */
  readonly nft: readonly (readonly unknown[])[];
}

const cases: readonly Case[] = [
  {
    name: 'one destination',
    info: info(DESTINATION, [80]),
    list: ' multiport dports http',
    numeric: ' multiport dports 80',
    save: ' --dports 80',
    nft: [[is('dport', 80)]],
  },
  {
    name: 'ports and ranges, sorted for nft only',
    info: info(SOURCE, [443, [1000, 2000], 22]),
    list: ' multiport sports https,1000:2000,22',
    numeric: ' multiport sports 443,1000:2000,22',
    save: ' --sports 443,1000:2000,22',
    nft: [[is('sport', { set: [22, 443, { range: [1000, 2000] }] })]],
  },
  {
    name: 'overlaps, duplicates and neighbours are merged',
    info: info(DESTINATION, [7, [1, 5], [3, 6], 1, 100, 100]),
    list: ' multiport dports 7,1:5,3:6,1,100,100',
    save: ' --dports 7,1:5,3:6,1,100,100',
    nft: [[is('dport', { set: [{ range: [1, 7] }, 100] })]],
  },
  {
    name: 'inverted set',
    info: info(DESTINATION, [21, 25], { invert: 1 }),
    list: ' multiport dports  !21,25',
    save: ' ! --dports 21,25',
    nft: [[isNot('dport', { set: [21, 25] })]],
  },
  {
    name: 'inverted single port is pinned',
    info: info(SOURCE, [25], { invert: 1 }),
    list: ' multiport sports  !25',
    save: ' ! --sports 25',
    nft: [[{ match: { op: '!=', left: { '&': [port('sport'), 0xffff] }, right: 25 } }]],
  },
  {
    name: 'either: two ways that exclude each other',
    info: info(EITHER, [21, [30, 40]]),
    list: ' multiport ports 21,30:40',
    save: ' --ports 21,30:40',
    nft: [
      [is('sport', { set: [21, { range: [30, 40] }] })],
      [isNot('sport', { set: [21, { range: [30, 40] }] }), is('dport', { set: [21, { range: [30, 40] }] })],
    ],
  },
  {
    name: 'either inverted: neither',
    info: info(EITHER, [[30, 40]], { invert: 1 }),
    list: ' multiport ports  !30:40',
    save: ' ! --ports 30:40',
    nft: [[isNot('sport', { range: [30, 40] }), isNot('dport', { range: [30, 40] })]],
  },
  {
    name: 'all ports',
    info: info(EITHER, [[0, 65535]]),
    list: ' multiport ports 0:65535',
    save: ' --ports 0:65535',
    nft: [[]],
  },
  {
    name: 'all ports, inverted, never',
    info: info(EITHER, [[0, 65535]], { invert: 1 }),
    list: ' multiport ports  !0:65535',
    save: ' ! --ports 0:65535',
    nft: [],
  },
  { name: 'no ports never match', info: info(EITHER, []), list: ' multiport ports ', save: ' --ports ', nft: [] },
  {
    name: 'no ports, inverted, always match',
    info: info(EITHER, [], { invert: 1 }),
    list: ' multiport ports  !',
    save: ' ! --ports ',
    nft: [[]],
  },
  {
    name: 'an inversion byte above 1 makes it true always',
    info: info(DESTINATION, [80], { invert: 2 }),
    list: ' multiport dports  !http',
    numeric: ' multiport dports  !80',
    save: ' ! --dports 80',
    nft: [[]],
  },
  {
    name: 'a range of one stays a range in text',
    info: info(DESTINATION, [[81, 81]]),
    list: ' multiport dports 81:81',
    save: ' --dports 81:81',
    nft: [[is('dport', 81)]],
  },
];

describe('multiport', () => {
  it.each(cases)('$name', ({ info, list, numeric = list, save, nft }) => {
    multiport.check(info, checking(header));
    expect(texts(multiport, info, header)).toEqual([list, numeric, save]);
    expect(multiport.nft(info, checking(header))).toEqual({
      alternatives: nft.map((statements) => [...statements, isFirst]),
      transport: { bytes: 4 },
    });
  });

  it.each([6, 17, 33, 132, 136])('is for protocol %i', (protocol) => {
    expect(() => multiport.check(info(DESTINATION, [80]), checking(headerOf(protocol)))).not.toThrow();
  });

  const one = info(DESTINATION, [80]);
  it.each([
    { name: 'no protocol', info: one, header: headerOf(0), message: 'needs -p' },
    { name: 'icmp', info: one, header: headerOf(1), message: 'needs -p' },
    { name: 'a protocol past 255', info: one, header: headerOf(262), message: 'needs -p' },
    { name: 'an inverted protocol', info: one, header: headerOf(6, 0x40), message: 'needs -p' },
    { name: 'unknown flags', info: info(3, [80]), header, message: 'flags 3' },
    { name: '16 ports', info: info(DESTINATION, [80], { count: 16 }), header, message: '16 ports' },
    {
      name: 'a range without an end',
      info: info(DESTINATION, [80], { pflags: { 0: 1 } }),
      header,
      message: 'without an end',
    },
    { name: 'a range upside down', info: info(DESTINATION, [[81, 80]]), header, message: 'upside down' },
    {
      name: 'an end that begins a range',
      info: info(DESTINATION, [[80, 81], 90], { pflags: { 1: 1 } }),
      header,
      message: 'begins a range',
    },
  ])('refuses $name', ({ info, header, message }) => {
    expect(() => multiport.check(info, checking(header))).toThrow(message);
  });

  it('ignores range flags behind the count', () => {
    expect(() => multiport.check(info(DESTINATION, [80], { pflags: { 3: 1 } }), checking(header))).not.toThrow();
  });

  it('takes 48 bytes', () => expect(multiport.revisions[1]?.size).toBe(48));

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    const protocols = [6, 17, 33, 132, 136].map(headerOf);
    const loads = protocols.flatMap((of) => cases.map(({ info }) => multiport.nft(info, checking(of)).alternatives));
    expect(loadErrors(loads)).toBe('');
  });
});

const ports = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort });

describeBpf(multiport, {
  header,
  transport: { need: 1 },
  examples: [
    {
      name: 'destinations',
      info: info(DESTINATION, [80, [100, 200], 7]),
      takes: [ports(0, 80), ports(0, 100), ports(0, 200), ports(0, 7)],
      leaves: [ports(80, 0), ports(80, 99), ports(80, 201), ports(80, 81), ports(7, 0xffff)],
    },
    {
      name: 'not these sources',
      info: info(SOURCE, [80, [100, 200]], { invert: 1 }),
      takes: [ports(0, 80), ports(99, 150), ports(201, 80)],
      leaves: [ports(80, 0), ports(100, 0), ports(200, 0)],
    },
    {
      name: 'either',
      info: info(EITHER, [80, [100, 200]]),
      takes: [ports(0, 80), ports(80, 0), ports(150, 0), ports(0, 150), ports(80, 80)],
      leaves: [ports(79, 201), ports(0, 0xffff)],
    },
    {
      name: 'neither',
      info: info(EITHER, [80, [100, 200]], { invert: 1 }),
      takes: [ports(79, 201), ports(0, 0xffff)],
      leaves: [ports(0, 80), ports(80, 0), ports(150, 0), ports(0, 150), ports(80, 80)],
    },
    {
      name: 'all slots',
      info: info(DESTINATION, [...Array.from({ length: 13 }, (_, at) => 10 * at), [0xfff0, 0xffff]]),
      takes: [ports(1, 0), ports(1, 120), ports(1, 0xfff0), ports(1, 0xffff)],
      leaves: [ports(0, 1), ports(0, 130), ports(0, 0xffef)],
    },
    { name: 'all ports', info: info(EITHER, [[0, 0xffff]]), takes: [ports(0, 0xffff)] },
    { name: 'not all ports', info: info(EITHER, [[0, 0xffff]], { invert: 1 }), leaves: [ports(0, 0xffff)] },
    { name: 'no ports', info: info(EITHER, []), leaves: [ports(0, 0xffff)] },
    { name: 'no ports, inverted', info: info(EITHER, [], { invert: 1 }), takes: [ports(0, 0xffff)] },
    { name: 'an inversion byte above 1', info: info(SOURCE, [80], { invert: 2 }), takes: [ports(80, 0), ports(0, 0)] },
  ],
});
