import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NatRange } from '../nat/nat-range.ts';
import { range } from '../nat/testing/range.ts';
import type { NftNat, NftStatement } from '../nft/json.ts';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader, notTcp, tcp } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { nftOf } from '../testing/target-nft.ts';
import { masquerade } from './masquerade.ts';
import { redirect } from './redirect.ts';

const RANDOM = 0x04;
const FULLY = 0x10;

/** `listed` behind the words of -L, `saved` behind --to-ports. */
const cases: readonly {
  readonly title: string;
  readonly info: NatRange;
  readonly ports?: string;
  readonly listed?: string;
  readonly saved?: string;
  readonly nft: NftNat | null;
}[] = [
  { title: 'alone', info: range({}), nft: null },
  {
    title: 'at random',
    info: range({ flags: RANDOM }),
    listed: ' random',
    saved: ' --random',
    nft: { flags: ['random'] },
  },
  { title: 'a port', info: range({ ports: [80, 80] }), ports: '80', nft: { port: 80 } },
  {
    title: 'ports',
    info: range({ ports: [0, 65535], flags: RANDOM | FULLY }),
    ports: '0-65535',
    listed: ' random random-fully',
    saved: ' --random --random-fully',
    nft: { port: { range: [0, 65535] }, flags: ['random', 'fully-random'] },
  },
];

describe.each([
  { target: masquerade, words: 'masq ports: ', key: 'masquerade', hooks: 1 << 4 },
  { target: redirect, words: 'redir ports ', key: 'redirect', hooks: (1 << 0) | (1 << 3) },
] as const)('$target.name', ({ target, words, key, hooks }) => {
  const statement = (nat: NftNat | null): NftStatement =>
    key === 'masquerade' ? { masquerade: nat } : { redirect: nat };

  it('has the size of its struct', () => {
    expect(Object.values(target.revisions).map(({ size }) => size)).toEqual([20]);
    expectBytesKept(
      target,
      cases.map(({ info }) => info),
    );
    expect(target.placement).toEqual({ table: 'nat', hooks });
  });

  it.each(cases)('$title', ({ info, ports, listed = '', saved = '', nft }) => {
    const list = `${ports === undefined ? '' : ` ${words}${ports}`}${listed}`;
    const save = `${ports === undefined ? '' : ` --to-ports ${ports}`}${saved}`;
    expect(texts(target, info, tcp)).toEqual([list, list, save]);
    expect(nftOf(target, info, tcp)).toEqual([statement(nft)]);
  });

  it.each([
    { info: range({ ports: [80, 80] }), header: anyHeader, why: 'ports only with a protocol' },
    { info: range({ ports: [80, 80] }), header: notTcp, why: 'ports only with a protocol' },
    { info: range({ ports: [80, 79] }), header: tcp, why: 'from high to low' },
    { info: range({ flags: 0x20 }), header: tcp, why: 'no shifted ports' },
    { info: range({ flags: 0x80 }), header: tcp, why: 'unknown flags 0x80' },
  ])('nft: $why', ({ info, header, why }) => expect(nftOf(target, info, header)).toContain(why));

  it.each([
    { title: 'one range', info: range({}), code: undefined },
    { title: 'no range', info: range({ rangesize: 0 }), code: errno.EINVAL },
    { title: 'an address', info: range({ hosts: [1, 1] }), code: errno.EINVAL },
  ])('check: $title', ({ info, code }) => expect(checkErrno(target, info)).toBe(code));

  it.skipIf(nftMissing)(`nft loads them (${nftMissing ?? 'here'})`, () => {
    const isTcp: NftStatement = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 6 } };
    expect(loadErrors([cases.map(({ nft }) => [isTcp, statement(nft)])])).toBe('');
  });
});
