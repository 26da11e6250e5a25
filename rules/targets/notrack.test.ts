import { describe, expect, it } from 'vitest';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { headerOf, tcp } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { nftOf, translated } from '../testing/target-nft.ts';
import { notrack } from './notrack.ts';
import { trace } from './trace.ts';

describe.each([
  { target: notrack, nft: [{ notrack: null }], listed: 'notrack' },
  { target: trace, nft: [{ mangle: { key: { meta: { key: 'nftrace' } }, value: 1 } }], listed: 'meta nftrace set 1' },
])('$target.name', ({ target, nft, listed }) => {
  it('has nothing to say', () => {
    expect(target.revisions[0]?.size).toBe(0);
    expectBytesKept(target, [{}]);
    expect(texts(target, {})).toEqual(['', '', '']);
    expect(checkErrno(target, {})).toBeUndefined();
    expect(target.placement).toEqual({ table: 'raw' });
    expect(nftOf(target, {})).toEqual(nft);
  });

  it.skipIf(nftMissing)(`nft loads it (${nftMissing ?? 'here'})`, () => {
    const statements = nftOf(target, {});
    if (typeof statements === 'string') throw new Error(statements);
    expect(loadRules([statements]).map(({ text }) => text)).toEqual([listed]);
  });
});

it("NOTRACK leaves the kernel's own answers to the kernel's own", () => {
  expect(translated(notrack, {}, { header: tcp })).toMatchObject({ secondBest: true });
  expect(translated(notrack, {}, { header: headerOf(17) })).toMatchObject({ secondBest: false });
});
