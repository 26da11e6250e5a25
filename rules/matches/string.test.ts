import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type StringInfo, stringMatch } from './string.ts';

const of = (pattern: string, info: Partial<StringInfo> = {}): StringInfo => ({
  from_offset: 0,
  to_offset: 65_535,
  algo: room(16, 'bm'),
  pattern: room(128, pattern.slice(0, 128)),
  patlen: pattern.length,
  flags: 0,
  pad: new Uint8Array(2),
  config: 0n,
  ...info,
});

describe('string', () => {
  it('has the size of struct xt_string_info', () => expect(stringMatch.revisions[1]?.size).toBe(160));
  it('keeps every byte', () => expectRoundTrips(stringMatch));

  // each as iptables 1.8.9 writes it
  it.each<[StringInfo, string, string]>([
    [of('abc'), ' STRING match  "abc" ALGO name bm', ' --string "abc" --algo bm'],
    [
      of('a "b" \\c', { flags: 1, algo: room(16, 'kmp'), from_offset: 3, to_offset: 99 }),
      ' STRING match ! "a \\"b\\" \\\\c" ALGO name kmp FROM 3 TO 99',
      ' ! --string "a \\"b\\" \\\\c" --algo kmp --from 3 --to 99',
    ],
    [of('end\\'), ' STRING match  "|656e645c|" ALGO name bm', ' --hex-string "|656e645c|" --algo bm'],
    [of("it's | ~"), ` STRING match  "it's | ~" ALGO name bm`, ` --string "it's | ~" --algo bm`],
    [
      of('\u00c3\u00a4', { flags: 3 }),
      ' STRING match ! "|c3a4|" ALGO name bm ICASE',
      ' ! --hex-string "|c3a4|" --algo bm --icase',
    ],
    [
      of('a\0b', { to_offset: 0 }),
      ' STRING match  "|610062|" ALGO name bm TO 0',
      ' --hex-string "|610062|" --algo bm --to 0',
    ],
    [of('\x7f'), ' STRING match  "|7f|" ALGO name bm', ' --hex-string "|7f|" --algo bm'],
  ])('%#', (info, list, save) => {
    expect(texts(stringMatch, info, anyHeader)).toEqual([list, list, save]);
  });

  // each asked of the kernel
  it.each<[string, StringInfo, number | undefined]>([
    ['a text', of('abc'), undefined],
    ['kmp, all flags', of('abc', { algo: room(16, 'kmp'), flags: 3 }), undefined],
    ['a config pointer', of('abc', { config: 0x1234n }), undefined],
    ['from and to alike', of('a', { from_offset: 5, to_offset: 5 }), undefined],
    ['upside down', of('a', { from_offset: 5, to_offset: 4 }), errno.EINVAL],
    ['128 bytes', of('x'.repeat(128)), undefined],
    ['129 bytes', of('x'.repeat(129)), errno.EINVAL],
    ['no bytes', of(''), errno.EINVAL],
    ['no bytes of no algorithm', of('', { algo: room(16, 'nope') }), errno.EINVAL],
    ['another flag', of('a', { flags: 4 }), errno.EINVAL],
    ['no such algorithm', of('a', { algo: room(16, 'nope') }), errno.ENOENT],
    ['no algorithm', of('a', { algo: room(16, '') }), errno.ENOENT],
    ['an endless algorithm', of('a', { algo: room(16, 'x'.repeat(16)) }), errno.EINVAL],
  ])('%s', (_, info, code) => expect(checkErrno(stringMatch, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => stringMatch.nft(of('a'), checking())).toThrow('no search');
  });
});
