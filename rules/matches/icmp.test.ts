import { describe, expect, it } from 'vitest';
import { isFirst } from '../nft/fragment.ts';
import { checking, texts } from '../testing/context.ts';
import { headerOf } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { type IcmpInfo, icmp } from './icmp.ts';

const header = headerOf(1);
const any: IcmpInfo = { type: 255, code: [0, 255], invflags: 0 };

const field = (name: string) => ({ payload: { protocol: 'icmp', field: name } });
const is = (name: string, right: unknown) => ({ match: { op: '==', left: field(name), right } });
const isNot = (name: string, right: number) => ({ match: { op: '!=', left: { '&': [field(name), 255] }, right } });

interface Case {
  readonly name: string;
  readonly info: Partial<IcmpInfo>;
  readonly list: string;
  readonly numeric: string;
  readonly save: string;
  /** Alternatives, without the fragment test that ends each. */
  readonly nft: readonly (readonly unknown[])[];
}

const cases: readonly Case[] = [
  { name: 'any type', info: {}, list: ' icmp any', numeric: ' icmptype 255', save: ' --icmp-type any', nft: [[]] },
  {
    name: 'any type with a code: the code does not count',
    info: { code: [3, 3] },
    list: ' icmptype 255 code 3',
    numeric: ' icmptype 255 code 3',
    save: ' --icmp-type any',
    nft: [[]],
  },
  {
    name: 'any type inverted never matches',
    info: { invflags: 1 },
    list: ' icmp !any',
    numeric: ' icmp !type 255',
    save: ' ! --icmp-type any',
    nft: [],
  },
  {
    name: 'a type',
    info: { type: 8 },
    list: ' icmp echo-request',
    numeric: ' icmptype 8',
    save: ' --icmp-type 8',
    nft: [[is('type', 8)]],
  },
  {
    name: 'a type inverted',
    info: { type: 8, invflags: 1 },
    list: ' icmp !echo-request',
    numeric: ' icmp !type 8',
    save: ' ! --icmp-type 8',
    nft: [[isNot('type', 8)]],
  },
  {
    name: 'a type and code',
    info: { type: 3, code: [1, 1] },
    list: ' icmp host-unreachable',
    numeric: ' icmptype 3 code 1',
    save: ' --icmp-type 3/1',
    nft: [[is('type', 3), is('code', 1)]],
  },
  {
    name: 'a type and code inverted: two ways',
    info: { type: 3, code: [1, 1], invflags: 1 },
    list: ' icmp !host-unreachable',
    numeric: ' icmp !type 3 code 1',
    save: ' ! --icmp-type 3/1',
    nft: [[isNot('type', 3)], [is('type', 3), isNot('code', 1)]],
  },
  {
    name: 'codes without a name',
    info: { type: 3, code: [2, 7] },
    list: ' icmptype 3 codes 2-7',
    numeric: ' icmptype 3 codes 2-7',
    save: ' --icmp-type 3/2',
    nft: [[is('type', 3), is('code', { range: [2, 7] })]],
  },
  {
    name: 'codes upside down never match',
    info: { type: 3, code: [7, 2] },
    list: ' icmptype 3 codes 7-2',
    numeric: ' icmptype 3 codes 7-2',
    save: ' --icmp-type 3/7',
    nft: [],
  },
  {
    name: 'codes upside down, inverted, match always',
    info: { type: 3, code: [7, 2], invflags: 1 },
    list: ' icmp !type 3 codes 7-2',
    numeric: ' icmp !type 3 codes 7-2',
    save: ' ! --icmp-type 3/7',
    nft: [[isNot('type', 3)], [is('type', 3)]],
  },
];

describe('icmp', () => {
  it.each(cases)('$name', ({ info, list, numeric, save, nft }) => {
    const whole = { ...any, ...info };
    icmp.check(whole, checking(header));
    expect(texts(icmp, whole, header)).toEqual([list, numeric, save]);
    expect(icmp.nft(whole, checking(header))).toEqual({
      alternatives: nft.map((statements) => [...statements, isFirst]),
      transport: { bytes: 8 },
    });
  });

  it('refuses unknown inversion flags', () => {
    expect(() => icmp.check({ ...any, invflags: 2 }, checking(header))).toThrow('invflags 0x2');
  });

  it('takes 4 bytes', () => expect(icmp.revisions[0]?.size).toBe(4));

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors(cases.map(({ info }) => icmp.nft({ ...any, ...info }, checking(header)).alternatives))).toBe('');
  });
});
