import { describe, expect, it } from 'vitest';
import { isFirst } from '../nft/fragment.ts';
import { checking, texts } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
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

const of = (type: number, code: number) => ({ icmpType: (type << 8) | code });

describeBpf(icmp, {
  header,
  transport: { need: 2 },
  examples: [
    { name: 'any', info: any, takes: [{}] },
    { name: 'any with a code', info: { ...any, code: [3, 3] }, takes: [of(3, 4), of(255, 3)] },
    { name: 'not any', info: { ...any, invflags: 1 }, leaves: [of(0, 0), of(255, 1)] },
    {
      name: 'a type',
      info: { ...any, type: 8 },
      takes: [of(8, 0), of(8, 255)],
      leaves: [of(7, 255), of(9, 0), of(0, 8)],
    },
    { name: 'not a type', info: { ...any, type: 8, invflags: 1 }, takes: [of(7, 255), of(9, 0)], leaves: [of(8, 9)] },
    { name: 'type 0', info: { ...any, type: 0 }, takes: [of(0, 0), of(0, 255)], leaves: [of(1, 0)] },
    {
      name: 'codes',
      info: { type: 3, code: [2, 4], invflags: 0 },
      takes: [of(3, 2), of(3, 4)],
      leaves: [of(3, 1), of(3, 5), of(2, 3), of(4, 3)],
    },
    {
      name: 'not the codes',
      info: { type: 3, code: [2, 4], invflags: 1 },
      takes: [of(3, 1), of(3, 5), of(2, 3), of(4, 3)],
      leaves: [of(3, 2), of(3, 4)],
    },
    { name: 'codes upside down', info: { type: 3, code: [7, 2], invflags: 0 }, leaves: [of(3, 2), of(3, 5), of(3, 7)] },
    { name: 'not codes upside down', info: { type: 3, code: [7, 2], invflags: 1 }, takes: [of(3, 2), of(3, 5)] },
  ],
});
