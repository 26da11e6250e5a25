import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type RecentInfo, recent } from './recent.ts';

const [CHECK, SET, UPDATE, REMOVE, TTL, REAP] = [1, 2, 4, 8, 0x10, 0x20] as const;

function mask(first: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16).fill(255);
  bytes.set(first);
  return bytes;
}

const of = (info: Partial<RecentInfo> = {}): RecentInfo => ({
  seconds: 0,
  hit_count: 0,
  check_set: SET,
  invert: 0,
  name: room(200, 'DEFAULT'),
  side: 0,
  pad: 0,
  mask: mask([]),
  ...info,
});
const named = (text: string) => of({ name: room(200, text) });

describe('recent', () => {
  it.each([
    [0, 212],
    [1, 228],
  ])('revision %i takes %i bytes', (number, size) => expect(recent.revisions[number]?.size).toBe(size));
  it('keeps every byte', () => expectRoundTrips(recent));

  // each as iptables 1.8.9 writes it
  it.each<[RecentInfo, string, string]>([
    [
      of(),
      ' recent: SET name: DEFAULT side: source mask: 255.255.255.255',
      ' --set --name DEFAULT --mask 255.255.255.255 --rsource',
    ],
    [
      of({ invert: 1, side: 1, name: room(200, 'a b') }),
      ' ! recent: SET name: a b side: dest mask: 255.255.255.255',
      ' ! --set --name a b --mask 255.255.255.255 --rdest',
    ],
    [
      of({ check_set: UPDATE | TTL | REAP, seconds: 60, hit_count: 4, mask: mask([255, 255, 255, 0]) }),
      ' recent: UPDATE seconds: 60 reap hit_count: 4 TTL-Match name: DEFAULT side: source mask: 255.255.255.0',
      ' --update --seconds 60 --reap --hitcount 4 --rttl --name DEFAULT --mask 255.255.255.0 --rsource',
    ],
    [
      of({ check_set: CHECK, seconds: 0xffffffff, hit_count: 0x80000000 }),
      ' recent: CHECK seconds: -1 hit_count: -2147483648 name: DEFAULT side: source mask: 255.255.255.255',
      ' --rcheck --seconds -1 --hitcount -2147483648 --name DEFAULT --mask 255.255.255.255 --rsource',
    ],
    [
      of({ check_set: REMOVE, side: 2, mask: mask([0, 0, 0, 0]) }),
      ' recent: REMOVE name: DEFAULT mask: 0.0.0.0',
      ' --remove --name DEFAULT --mask 0.0.0.0',
    ],
  ])('%#', (info, list, save) => {
    expect(texts(recent, info, anyHeader)).toEqual([list, list, save]);
  });

  it('of revision 0 has no mask', () => {
    const { mask: _, ...info } = of();
    const list = ' recent: SET name: DEFAULT side: source';
    expect(texts(recent, info, anyHeader)).toEqual([list, list, ' --set --name DEFAULT --rsource']);
  });

  // each asked of the kernel
  it.each<[string, RecentInfo, number | undefined]>([
    ['set', of(), undefined],
    ['nothing', of({ check_set: 0 }), errno.EINVAL],
    ['two at once', of({ check_set: CHECK | SET }), errno.EINVAL],
    ['another flag', of({ check_set: SET | 0x40 }), errno.EINVAL],
    ['set with seconds', of({ seconds: 1 }), errno.EINVAL],
    ['set with hitcount', of({ hit_count: 1 }), errno.EINVAL],
    ['set with rttl', of({ check_set: SET | TTL }), errno.EINVAL],
    ['set with reap', of({ check_set: SET | REAP, seconds: 1 }), errno.EINVAL],
    ['remove with seconds', of({ check_set: REMOVE, seconds: 1 }), errno.EINVAL],
    ['reap', of({ check_set: CHECK | REAP, seconds: 1 }), undefined],
    ['reap without seconds', of({ check_set: CHECK | REAP }), errno.EINVAL],
    ['65,535 hits', of({ check_set: CHECK, hit_count: 65_535 }), undefined],
    ['65,536 hits', of({ check_set: CHECK, hit_count: 65_536 }), errno.EINVAL],
    ['neither side', of({ side: 2 }), undefined],
    ['a name of 199', named('a'.repeat(199)), undefined],
    ['a name of 200', named('a'.repeat(200)), errno.ENAMETOOLONG],
    ['no name', named(''), errno.EINVAL],
    ['.', named('.'), errno.EINVAL],
    ['..', named('..'), errno.EINVAL],
    ['...', named('...'), undefined],
    ['a slash', named('a/b'), errno.EINVAL],
  ])('%s', (_, info, code) => expect(checkErrno(recent, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => recent.nft(of(), checking())).toThrow('xt_recent');
  });
});
