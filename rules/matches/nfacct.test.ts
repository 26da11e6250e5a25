import { describe, expect, it } from 'vitest';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type NfacctInfo, nfacct } from './nfacct.ts';

const of = (name: string): NfacctInfo => ({ name: room(32, name), nfacct: 0n });

describe('nfacct', () => {
  it.each([0, 1])('revision %i has the size of its struct', (number) =>
    expect(nfacct.revisions[number]?.size).toBe(40),
  );
  it('keeps every byte', () => expectRoundTrips(nfacct));

  it.each([
    ['test', 'test'],
    ['a "b"', '"a \\"b\\""'],
    ['x'.repeat(32), 'x'.repeat(32)],
  ])('%s', (name, shown) => {
    const list = ` nfacct-name  ${shown}`;
    expect(texts(nfacct, of(name), anyHeader)).toEqual([list, list, ` --nfacct-name  ${shown}`]);
    expect(checkErrno(nfacct, of(name))).toBeUndefined();
  });

  it('is left to the kernel', () => {
    expect(() => nfacct.nft(of('a'), checking())).toThrow('counter of their own');
  });
});
