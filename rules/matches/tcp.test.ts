import { describe, expect, it } from 'vitest';
import { bpfOf } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { checking, texts } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { headerOf } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { type TcpInfo, tcp } from './tcp.ts';

const header = headerOf(6);
const any: TcpInfo = { spts: [0, 65535], dpts: [0, 65535], option: 0, flg_mask: 0, flg_cmp: 0, invflags: 0 };

const port = (field: string) => ({ payload: { protocol: 'tcp', field } });
const equal = (left: unknown, right: unknown) => ({ match: { op: '==', left, right } });
const differs = (left: unknown, right: unknown) => ({ match: { op: '!=', left, right } });
const masked = (left: unknown, mask: number) => ({ '&': [left, mask] });

interface Case {
  readonly name: string;
  readonly info: Partial<TcpInfo>;
  readonly list: string;
  readonly numeric?: string;
  readonly save: string;
  /** Without the fragment test that ends every alternative; null when nothing matches. */
  readonly nft: readonly unknown[] | null;
}

const cases: readonly Case[] = [
  { name: 'nothing asked', info: {}, list: ' tcp', save: '', nft: [] },
  {
    name: 'one port',
    info: { dpts: [80, 80] },
    list: ' tcp dpt:http',
    numeric: ' tcp dpt:80',
    save: ' --dport 80',
    nft: [equal(port('dport'), 80)],
  },
  {
    name: 'a range',
    info: { spts: [1024, 65535] },
    list: ' tcp spts:1024:65535',
    save: ' --sport 1024:65535',
    nft: [equal(port('sport'), { range: [1024, 65535] })],
  },
  {
    name: 'both inverted: two tests that nft may not merge',
    info: { spts: [1, 1], dpts: [2, 2], invflags: 3 },
    list: ' tcp spt:!1 dpt:!2',
    save: ' ! --sport 1 ! --dport 2',
    nft: [differs(masked(port('sport'), 0xffff), 1), differs(masked(port('dport'), 0xffff), 2)],
  },
  {
    name: 'inverted full range never matches',
    info: { invflags: 2 },
    list: ' tcp dpts:!0:65535',
    save: '',
    nft: null,
  },
  {
    name: 'a range upside down never matches',
    info: { dpts: [9, 3] },
    list: ' tcp dpts:9:3',
    save: ' --dport 9:3',
    nft: null,
  },
  {
    name: 'a range upside down, inverted, always matches',
    info: { dpts: [9, 3], invflags: 2 },
    list: ' tcp dpts:!9:3',
    save: ' ! --dport 9:3',
    nft: [],
  },
  {
    name: '--syn',
    info: { flg_mask: 0x17, flg_cmp: 2 },
    list: ' tcp flags:FIN,SYN,RST,ACK/SYN',
    numeric: ' tcp flags:0x17/0x02',
    save: ' --tcp-flags FIN,SYN,RST,ACK SYN',
    nft: [equal(masked(port('flags'), 0x17), 2)],
  },
  {
    name: 'no flags, inverted',
    info: { flg_mask: 0x3f, invflags: 4 },
    list: ' tcp flags:!FIN,SYN,RST,PSH,ACK,URG/NONE',
    numeric: ' tcp flags:!0x3F/0x00',
    save: ' ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE',
    nft: [differs(masked(port('flags'), 0x3f), 0)],
  },
  {
    name: 'a flag asked for outside of the mask never matches',
    info: { flg_mask: 1, flg_cmp: 2 },
    list: ' tcp flags:FIN/SYN',
    numeric: ' tcp flags:0x01/0x02',
    save: ' --tcp-flags FIN SYN',
    nft: null,
  },
  {
    name: 'an empty mask, inverted, never matches',
    info: { invflags: 4 },
    list: ' tcp flags:!NONE/NONE',
    numeric: ' tcp flags:!0x00/0x00',
    save: ' ! --tcp-flags NONE NONE',
    nft: null,
  },
  {
    name: 'an option',
    info: { option: 8 },
    list: ' tcp option=8',
    save: ' --tcp-option 8',
    nft: [equal({ 'tcp option': { base: 8, offset: 0, len: 8 } }, true)],
  },
  {
    name: 'an option inverted asks for a whole header',
    info: { option: 8, invflags: 8 },
    list: ' tcp option=!8',
    save: ' ! --tcp-option 8',
    nft: [
      { match: { op: '>=', left: port('doff'), right: 5 } },
      equal({ 'tcp option': { base: 8, offset: 0, len: 8 } }, false),
    ],
  },
  {
    name: 'option 0 inverted is shown but not tested',
    info: { invflags: 8 },
    list: ' tcp option=!0',
    save: ' ! --tcp-option 0',
    nft: [],
  },
];

describe('tcp', () => {
  it.each(cases)('$name', ({ info, list, numeric = list, save, nft }) => {
    const whole = { ...any, ...info };
    tcp.check(whole, checking(header));
    expect(texts(tcp, whole, header)).toEqual([list, numeric, save]);
    expect(tcp.nft(whole, checking(header))).toEqual({
      alternatives: nft === null ? [] : [[...nft, isFirst]],
      transport: { bytes: 20, dropsOffsetOne: true },
    });
  });

  it('refuses unknown inversion flags', () => {
    expect(() => tcp.check({ ...any, invflags: 0x10 }, checking(header))).toThrow('invflags 0x10');
    expect(texts(tcp, { ...any, invflags: 0xf0 }, header)[0]).toBe(' tcp Unknown invflags: 0xF0');
  });

  it('says what nft cannot carry: option 1', () => {
    expect(() => tcp.nft({ ...any, option: 1 }, checking(header))).toThrow('--tcp-option 1');
  });

  it('reads and writes 12 bytes', () => {
    const data = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
    const revision = tcp.revisions[0];
    expect(revision?.size).toBe(12);
    expect(revision?.encode(revision.decode(data))).toEqual(data);
  });

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors(cases.map(({ info }) => tcp.nft({ ...any, ...info }, checking(header)).alternatives))).toBe('');
  });
});

const ports = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort });

describeBpf(tcp, {
  header,
  transport: { need: 4, dropsOffsetOne: true },
  examples: [
    { name: 'nothing asked', info: any, takes: [{}] },
    { name: 'a port', info: { ...any, dpts: [80, 80] }, takes: [ports(1, 80)], leaves: [ports(80, 79), ports(80, 81)] },
    {
      name: 'a range, and a port inverted',
      info: { ...any, spts: [1024, 0xffff], dpts: [80, 80], invflags: 2 },
      takes: [ports(1024, 79), ports(0xffff, 0)],
      leaves: [ports(1023, 79), ports(1024, 80)],
    },
    {
      name: 'port 0 alone, and a range inverted',
      info: { ...any, spts: [0, 0], dpts: [1, 9], invflags: 2 },
      takes: [ports(0, 0), ports(0, 10), ports(0, 0xffff)],
      leaves: [ports(1, 10), ports(0xffff, 0), ports(0, 1), ports(0, 9)],
    },
    {
      name: 'both inverted: both differ',
      info: { ...any, spts: [1, 1], dpts: [2, 2], invflags: 3 },
      takes: [ports(0, 1)],
      leaves: [ports(1, 1), ports(0, 2), ports(1, 2)],
    },
    { name: 'any port, inverted', info: { ...any, invflags: 1 }, leaves: [ports(0, 0), ports(1, 1)] },
    { name: 'a range upside down', info: { ...any, dpts: [9, 3] }, leaves: [ports(0, 3), ports(0, 6), ports(0, 9)] },
    { name: 'a range upside down, inverted', info: { ...any, dpts: [9, 3], invflags: 2 }, takes: [ports(0, 6)] },
    {
      name: '--syn',
      info: { ...any, flg_mask: 0x17, flg_cmp: 2 },
      takes: [{ tcpFlags: 2 }, { tcpFlags: 0xea }],
      leaves: [{ tcpFlags: 0x12 }, { tcpFlags: 0 }],
    },
    {
      name: 'not --syn',
      info: { ...any, flg_mask: 0x17, flg_cmp: 2, invflags: 4 },
      takes: [{ tcpFlags: 0x12 }, { tcpFlags: 0 }],
      leaves: [{ tcpFlags: 2 }, { tcpFlags: 0xea }],
    },
    { name: 'a flag outside of the mask', info: { ...any, flg_mask: 1, flg_cmp: 2 }, leaves: [{ tcpFlags: 3 }] },
    {
      name: 'a flag outside of the mask, inverted',
      info: { ...any, flg_mask: 1, flg_cmp: 2, invflags: 4 },
      takes: [{ tcpFlags: 3 }],
    },
    { name: 'no flags, inverted', info: { ...any, invflags: 4 }, leaves: [{ tcpFlags: 0 }, { tcpFlags: 0xff }] },
    { name: 'option 0 is not looked for', info: { ...any, invflags: 8 }, takes: [{}] },
  ],
});

it('an option is looked for where the ports and flags are met', () => {
  const groupsOf = (invflags: number) =>
    bpfOf(tcp, { ...any, dpts: [80, 80], option: 2, invflags }, { header: headerOf(6) }).groups;
  expect(groupsOf(0).slice(1)).toEqual([[{ kind: 'tcpOption', first: 2, negated: false }]]);
  expect(groupsOf(8).slice(1)).toEqual([[{ kind: 'tcpOption', first: 2, negated: true }]]);
});
