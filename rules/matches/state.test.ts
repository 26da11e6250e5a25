import { describe, expect, it } from 'vitest';
import { checking } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { state } from './state.ts';

const cases = [
  { mask: 0x08, text: ' NEW', nft: 'new', listed: 'ct state new' },
  { mask: 0x06, text: ' RELATED,ESTABLISHED', nft: ['established', 'related'], listed: 'ct state established,related' },
  { mask: 0x01, text: ' INVALID', nft: 'invalid', listed: 'ct state invalid' },
  { mask: 0x40, text: ' SNAT', nft: 'untracked', listed: 'ct state untracked' },
  {
    mask: 0xfffffff7,
    text: ' INVALID,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT',
    nft: ['invalid', 'established', 'related', 'untracked'],
    listed: 'ct state invalid,established,related,untracked',
  },
  { mask: 0x100, text: ' UNTRACKED', nft: undefined, listed: 'ct state == 0x0' },
  { mask: 0, text: '', nft: undefined, listed: 'ct state == 0x0' },
] as const;

const statements = (mask: number) => state.nft({ mask }, checking()).alternatives;

describe('state', () => {
  it('has the size of struct xt_state_info', () => expect(state.revisions[0]?.size).toBe(4));

  it('reads and writes its bytes', () => {
    const data = Uint8Array.of(0xf7, 0xff, 0xff, 0xff);
    expect(state.revisions[0]?.decode(data)).toEqual({ mask: 0xfffffff7 });
    expect(state.revisions[0]?.encode({ mask: 0xfffffff7 })).toEqual(data);
    expect(() => state.revisions[0]?.decode(data.subarray(1))).toThrow('wanted 4 bytes');
  });

  it.each(cases)('$mask:$text', ({ mask, text, nft }) => {
    expect(state.print({ mask }, { numeric: true, names: noNames, header: anyHeader })).toBe(` state${text}`);
    expect(state.save({ mask }, { header: anyHeader })).toBe(` --state${text}`);
    const left = { ct: { key: 'state' } };
    const wanted = nft === undefined ? { op: '==', left, right: 0 } : { op: 'in', left, right: nft };
    expect(statements(mask)).toEqual([[{ match: wanted }]]);
  });

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    expect(loadRules(cases.flatMap(({ mask }) => statements(mask))).map(({ text }) => text)).toEqual(
      cases.map(({ listed }) => listed),
    );
  });
});

const [invalid, established, related, opening, untracked] = [
  { conntrackState: 1 },
  { conntrackState: 2 },
  { conntrackState: 4 },
  { conntrackState: 8 },
  { conntrackState: 0x100 },
] as const;
/** Established, its source and destination translated: conntrack's bits, of which xt_state knows none. */
const translated = { conntrackState: 0xc2 };

describeBpf(state, {
  examples: [
    { name: 'NEW', info: { mask: 8 }, takes: [opening], leaves: [invalid, established, related, untracked] },
    {
      name: 'RELATED,ESTABLISHED',
      info: { mask: 6 },
      takes: [established, related, translated],
      leaves: [invalid, opening, untracked],
    },
    { name: 'UNTRACKED', info: { mask: 0x40 }, takes: [untracked], leaves: [translated, invalid, established] },
    {
      name: 'not NEW',
      info: { mask: 0xfffffff7 },
      takes: [invalid, established, related, untracked, translated],
      leaves: [opening],
    },
    { name: 'bits of conntrack', info: { mask: 0x180 }, leaves: [untracked, translated, invalid] },
    { name: 'none', info: { mask: 0 }, leaves: [invalid, established, untracked] },
  ],
});
