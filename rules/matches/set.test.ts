import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type SetInfo, set } from './set.ts';

/** A struct of bytes, in hexadecimal, as far as they aren't zero at its end. */
function of(number: SetInfo['revision'], hex: string): SetInfo {
  const revision = set.revisions[number];
  if (revision === undefined) throw new Error(`no revision ${number}`);
  return revision.decode(new Uint8Array(Buffer.from(hex.replaceAll(' ', '').padEnd(2 * revision.size, '0'), 'hex')));
}

describe('set', () => {
  it.each([
    [0, 32],
    [1, 4],
    [2, 4],
    [3, 48],
    [4, 48],
  ])('revision %i takes %i bytes', (number, size) => expect(set.revisions[number]?.size).toBe(size));
  it('keeps every byte', () => expectRoundTrips(set));

  it.each<[string, SetInfo, string]>([
    ['v0', of(0, '0500 0000 01000000 02000000'), ' --match-set #5 src,dst'],
    ['v0, inverted', of(0, '0500 0000 06000000'), ' ! --match-set #5 dst'],
    ['v0, a gap', of(0, '0500 0000 01000000 00000000 01000000'), ' --match-set #5 src'],
    ['v1', of(1, '0001 02 04'), ' --match-set #256 dst,src'],
    ['v1, inverted', of(1, '0000 01 03'), ' ! --match-set #0 src'],
    ['v1, no dimension', of(1, '0000 00 00'), ' --match-set #0'],
    ['v1 knows no return-nomatch', of(1, '0000 01 82'), ' --match-set #0 src'],
    ['v2', of(2, '0000 01 82'), ' --match-set #0 src --return-nomatch'],
    ['v3', of(3, '0000 01 80 00000000 01 00000000000000 0700000000000000'), ' --match-set #0 dst --packets-eq 7'],
    [
      'v3, not equal',
      of(3, `0000 01 02 ${'00'.repeat(20)} 02 00000000000000 ffffffffffffffff`),
      ' --match-set #0 src ! --bytes-eq 18446744073709551615',
    ],
    [
      'v4',
      of(4, '0000 01 02 00000000 0700000000000000 03 00000000000000 0800000000000000 04 00000000000000 98000000'),
      ' --match-set #0 src --return-nomatch ! --update-counters ! --update-subcounters --packets-lt 7 --bytes-gt 8',
    ],
  ])('%s', (_, info, save) => {
    const list = save.replaceAll('--', '');
    expect(texts(set, info, anyHeader)).toEqual([list, list, save]);
  });

  // as the kernel, of a set that is there
  it.each<[string, SetInfo, number | undefined]>([
    ['v0, five dimensions', of(0, `0000 0000 ${'01000000'.repeat(5)}`), undefined],
    ['v0, six dimensions', of(0, `0000 0000 ${'01000000'.repeat(6)}`), errno.ERANGE],
    ['v1, six dimensions', of(1, '0000 06 00'), undefined],
    ['v1, seven dimensions', of(1, '0000 07 00'), errno.ERANGE],
    ['v4, seven dimensions', of(4, '0000 07 00'), errno.ERANGE],
  ])('%s', (_, info, code) => expect(checkErrno(set, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => set.nft(of(1, '0000 01 00'), checking())).toThrow("aren't nft's");
  });
});
