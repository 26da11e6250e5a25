import { describe, expect, it } from 'vitest';
import { isFirst } from '../nft/fragment.ts';
import type { UdpInfo } from '../ports/udp-ports.ts';
import { checking, texts } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { headerOf } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { udp } from './udp.ts';

const header = headerOf(17);
const any: UdpInfo = { spts: [0, 65535], dpts: [0, 65535], invflags: 0 };
const port = (field: string) => ({ payload: { protocol: 'udp', field } });

interface Case {
  readonly name: string;
  readonly info: Partial<UdpInfo>;
  readonly list: string;
  readonly numeric?: string;
  readonly save: string;
  /** Without the fragment test; null when nothing matches. */
  readonly nft: readonly unknown[] | null;
}

const cases: readonly Case[] = [
  { name: 'nothing asked', info: {}, list: ' udp', save: '', nft: [] },
  {
    name: 'a service of UDP',
    info: { spts: [53, 53], dpts: [80, 80] },
    list: ' udp spt:domain dpt:80',
    numeric: ' udp spt:53 dpt:80',
    save: ' --sport 53 --dport 80',
    nft: [
      { match: { op: '==', left: port('sport'), right: 53 } },
      { match: { op: '==', left: port('dport'), right: 80 } },
    ],
  },
  {
    name: 'one port inverted',
    info: { dpts: [25, 25], invflags: 2 },
    list: ' udp dpt:!25',
    save: ' ! --dport 25',
    nft: [{ match: { op: '!=', left: { '&': [port('dport'), 0xffff] }, right: 25 } }],
  },
  {
    name: 'a range inverted',
    info: { spts: [0, 1023], invflags: 1 },
    list: ' udp spts:!0:1023',
    save: ' ! --sport 0:1023',
    nft: [{ match: { op: '!=', left: port('sport'), right: { range: [0, 1023] } } }],
  },
  {
    name: 'a full range inverted never matches',
    info: { invflags: 1 },
    list: ' udp spts:!0:65535',
    save: '',
    nft: null,
  },
];

describe('udp', () => {
  it.each(cases)('$name', ({ info, list, numeric = list, save, nft }) => {
    const whole = { ...any, ...info };
    udp.check(whole, checking(header));
    expect(texts(udp, whole, header)).toEqual([list, numeric, save]);
    expect(udp.nft(whole, checking(header))).toEqual({
      alternatives: nft === null ? [] : [[...nft, isFirst]],
      transport: { bytes: 8 },
    });
  });

  it('refuses the inversion flags of tcp alone', () => {
    expect(() => udp.check({ ...any, invflags: 4 }, checking(header))).toThrow('invflags 0x4');
  });

  it('takes 10 bytes', () => expect(udp.revisions[0]?.size).toBe(10));

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors(cases.map(({ info }) => udp.nft({ ...any, ...info }, checking(header)).alternatives))).toBe('');
  });
});

const ports = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort });

describeBpf(udp, {
  header,
  transport: { need: 2 },
  examples: [
    { name: 'nothing asked', info: any, takes: [{}] },
    { name: 'a port', info: { ...any, dpts: [53, 53] }, takes: [ports(1, 53)], leaves: [ports(53, 52), ports(53, 54)] },
    {
      name: 'a range, and a port inverted',
      info: { ...any, spts: [0, 1023], dpts: [53, 53], invflags: 2 },
      takes: [ports(0, 52), ports(1023, 0xffff)],
      leaves: [ports(1024, 52), ports(0, 53)],
    },
    { name: 'any port, inverted', info: { ...any, invflags: 2 }, leaves: [ports(0, 0), ports(0, 0xffff)] },
    { name: 'upside down, inverted', info: { ...any, spts: [9, 3], invflags: 1 }, takes: [ports(6, 0)] },
  ],
});
