import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { bpfOf } from '../extension.ts';
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

describe('string in BPF', () => {
  const inBpf = (info: StringInfo) => bpfOf(stringMatch, info, { header: anyHeader });
  const bits = (info: StringInfo, byte: string) => {
    const [[look] = []] = inBpf(info).groups;
    if (look === undefined || !('data' in look) || look.data === undefined) throw new TypeError('no table');
    const row = look.data.length / 256;
    const at = row * (byte.codePointAt(0) ?? 0);
    return Buffer.from(look.data.subarray(at, at + row)).toString('hex');
  };

  it.each<[string, StringInfo, object]>([
    ['bm', of('abc'), { kind: 'blockText', first: 0, second: 0xffff, credit: 3, bytes: 4n, negated: false }],
    ['bm of one byte', of('a'), { kind: 'text', credit: 1, bytes: 1n }],
    ['bm of 65 bytes', of('x'.repeat(65)), { kind: 'longBlockText', credit: 65, bytes: 1n }],
    ['kmp', of('abc', { algo: room(16, 'kmp') }), { kind: 'text' }],
    ['kmp of 64 bytes', of('x'.repeat(64), { algo: room(16, 'kmp') }), { kind: 'text', bytes: 1n << 63n }],
    ['kmp of 128 bytes', of('x'.repeat(128), { algo: room(16, 'kmp') }), { kind: 'longText', bytes: 1n << 63n }],
    ['not, between', of('ab', { flags: 1, from_offset: 20, to_offset: 90 }), { first: 20, second: 90, negated: true }],
  ])('%s', (_, info, look) => expect(inBpf(info).groups).toEqual([[expect.objectContaining(look)]]));

  it('its table: at which places a byte stands', () => {
    const info = of('abA\xe9');
    expect(['a', 'b', 'A', 'B', '\xe9', '\xc9'].map((byte) => bits(info, byte))).toEqual([
      '0100000000000000',
      '0200000000000000',
      '0400000000000000',
      '0000000000000000',
      '0800000000000000',
      '0000000000000000',
    ]);
    const folded = { ...info, flags: 2 };
    expect(['a', 'b', 'A', 'B', '\xe9', '\xc9'].map((byte) => bits(folded, byte)[1])).toEqual([...'525288']);
    expect(bits(of(`${'x'.repeat(64)}ab`), 'a')).toBe('0000000000000000' + '0100000000000000');
  });

  it('leaves to the kernel what its bm finds or not, and fsm', () => {
    for (const byte of ['\xbf', '\xdf', '\xff']) {
      expect(() => inBpf(of(`a${byte}`, { flags: 2 }))).toThrow('passes by');
      expect(inBpf(of(`a${byte}`)).groups).toHaveLength(1);
      expect(inBpf(of(byte, { flags: 2 })).groups).toHaveLength(1);
      expect(inBpf(of(`a${byte}`, { flags: 2, algo: room(16, 'kmp') })).groups).toHaveLength(1);
    }
    expect(() => inBpf(of('abcd', { algo: room(16, 'fsm') }))).toThrow('fsm');
  });
});
