import { describe, expect, it } from 'vitest';
import { checking } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { mark } from './mark.ts';

const always = [[]];
const never: never[] = [];
const key = { meta: { key: 'mark' } };

const cases = [
  {
    what: 'a value',
    info: { mark: 1, mask: 0xffffffff, invert: 0 },
    text: '0x1',
    nft: [[{ match: { op: '==', left: key, right: 1 } }]],
  },
  {
    what: 'no mark',
    info: { mark: 0, mask: 0xffffffff, invert: 0 },
    text: '0x0',
    nft: [[{ match: { op: '==', left: key, right: 0 } }]],
  },
  {
    what: 'masked',
    info: { mark: 0xfe000001, mask: 0xff0000ff, invert: 0 },
    text: '0xfe000001/0xff0000ff',
    nft: [[{ match: { op: '==', left: { '&': [key, 0xff0000ff] }, right: 0xfe000001 } }]],
  },
  {
    what: 'inverted',
    info: { mark: 1, mask: 0xff, invert: 1 },
    text: '! 0x1/0xff',
    nft: [[{ match: { op: '!=', left: { '&': [key, 0xff] }, right: 1 } }]],
  },
  { what: 'bits outside of the mask', info: { mark: 0x100, mask: 0xff, invert: 0 }, text: '0x100/0xff', nft: never },
  {
    what: 'bits outside of the mask, inverted',
    info: { mark: 0x100, mask: 0xff, invert: 1 },
    text: '! 0x100/0xff',
    nft: always,
  },
  { what: 'an empty mask', info: { mark: 0, mask: 0, invert: 0 }, text: '0x0/0x0', nft: always },
  { what: 'an empty mask, inverted', info: { mark: 0, mask: 0, invert: 1 }, text: '! 0x0/0x0', nft: never },
  {
    what: 'inverted by a number other than 1',
    info: { mark: 1, mask: 0xff, invert: 2 },
    text: '! 0x1/0xff',
    nft: always,
  },
] as const;

describe('mark', () => {
  it('has the size of struct xt_mark_mtinfo1', () => expect(mark.revisions[1]?.size).toBe(12));

  it.each(cases)('$what: bytes there and back', ({ info }) => {
    const revision = mark.revisions[1];
    expect(revision?.decode(revision.encode(info))).toEqual(info);
  });

  it('reads its fields where they are', () => {
    const data = Uint8Array.of(4, 3, 2, 1, 0xff, 0, 0, 0xff, 1, 0, 0, 0);
    expect(mark.revisions[1]?.decode(data)).toEqual({ mark: 0x01020304, mask: 0xff0000ff, invert: 1 });
    expect(() => mark.revisions[1]?.decode(data.subarray(1))).toThrow('wanted 12 bytes');
  });

  it.each(cases)('$what: $text', ({ info, text }) => {
    expect(mark.print(info, { numeric: true, names: noNames, header: anyHeader })).toBe(` mark match ${text}`);
    const bang = text.startsWith('!') ? ' !' : '';
    expect(mark.save(info, { header: anyHeader })).toBe(`${bang} --mark ${text.replace('! ', '')}`);
  });

  it.each(cases)('$what: nft', ({ info, nft }) => expect(mark.nft(info, checking()).alternatives).toEqual(nft));

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    const rules = cases
      .flatMap(({ info }) => mark.nft(info, checking()).alternatives)
      .filter((rule) => rule.length > 0);
    expect(loadRules(rules).map(({ text }) => text)).toEqual([
      'meta mark 0x00000001',
      'meta mark 0x00000000',
      'meta mark & 0xff0000ff == 0xfe000001',
      'meta mark & 0x000000ff != 0x00000001',
    ]);
  });
});

describeBpf(mark, {
  examples: [
    {
      name: 'a value',
      info: { mark: 0xfe000001, mask: 0xffffffff, invert: 0 },
      takes: [{ mark: 0xfe000001 }],
      leaves: [{ mark: 0 }, { mark: 0xfe000000 }, { mark: 1 }],
    },
    {
      name: 'bits',
      info: { mark: 0x80000000, mask: 0xf000000f, invert: 0 },
      takes: [{ mark: 0x80000000 }, { mark: 0x8ffffff0 }],
      leaves: [{ mark: 0 }, { mark: 0x80000001 }, { mark: 0xffffffff }],
    },
    {
      name: 'not bits',
      info: { mark: 1, mask: 0xff, invert: 1 },
      takes: [{ mark: 0 }, { mark: 0x100 }],
      leaves: [{ mark: 1 }, { mark: 0x101 }],
    },
    { name: 'bits outside of the mask', info: { mark: 0x100, mask: 0xff, invert: 0 }, leaves: [{ mark: 0x100 }] },
    { name: 'the same, inverted', info: { mark: 0x100, mask: 0xff, invert: 1 }, takes: [{ mark: 0x100 }] },
    { name: 'no bits', info: { mark: 0, mask: 0, invert: 0 }, takes: [{ mark: 5 }] },
    { name: 'no bits, inverted', info: { mark: 0, mask: 0, invert: 1 }, leaves: [{ mark: 5 }] },
    { name: 'an inversion byte above 1', info: { mark: 1, mask: 0xff, invert: 2 }, takes: [{ mark: 0 }, { mark: 1 }] },
  ],
});
