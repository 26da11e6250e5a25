import { describe, expect, it } from 'vitest';
import { isFirst } from '../nft/fragment.ts';
import { checking, texts } from '../testing/context.ts';
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
