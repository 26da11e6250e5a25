import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type RateestInfo, rateest } from './rateest.ts';

const [INVERT, ABSOLUTE, RELATIVE, DELTA, BYTES, PACKETS] = [1, 2, 4, 8, 0x10, 0x20] as const;
const [EQ, LT, GT] = [1, 2, 3] as const;

const of = (flags: number, mode: number, info: Partial<RateestInfo> = {}): RateestInfo => ({
  name1: room(16, 'RE1'),
  name2: room(16, flags & RELATIVE ? 'RE2' : ''),
  flags,
  mode,
  bps1: 0,
  pps1: 0,
  bps2: 0,
  pps2: 0,
  pad: new Uint8Array(4),
  est1: 0n,
  est2: 0n,
  ...info,
});

describe('rateest', () => {
  it('has the size of struct xt_rateest_match_info', () => expect(rateest.revisions[0]?.size).toBe(72));
  it('keeps every byte', () => expectRoundTrips(rateest));

  // each as iptables 1.8.9 writes it: -L, -nL, -S
  it.each<[RateestInfo, string, string, string]>([
    [
      of(ABSOLUTE | BYTES, LT, { bps2: 1 }),
      ' rateest match RE1 bps 8bit lt',
      ' rateest match RE1 bps 1 lt',
      ' --rateest RE1 --rateest-lt --rateest-bps 8bit',
    ],
    [
      of(ABSOLUTE | PACKETS | INVERT, EQ, { pps2: 5 }),
      ' rateest match RE1 pps ! eq 5',
      ' rateest match RE1 pps ! eq 5',
      ' --rateest RE1 ! --rateest-eq --rateest-pps 5',
    ],
    [
      of(ABSOLUTE | DELTA | BYTES, GT, { bps1: 1, bps2: 2 }),
      ' rateest match RE1 delta bps 8bit 16bit gt',
      ' rateest match RE1 delta bps 1 2 gt',
      ' --rateest-delta --rateest RE1 --rateest-bps1 8bit --rateest-gt --rateest-bps2 16bit',
    ],
    [
      of(RELATIVE | BYTES, LT),
      ' rateest match RE1 bps lt RE2 bps',
      ' rateest match RE1 bps lt RE2 bps',
      ' --rateest1 RE1 --rateest-lt --rateest-bps --rateest2 RE2',
    ],
    [
      of(RELATIVE | DELTA | BYTES | PACKETS, EQ, { bps1: 125_000, pps1: 3, bps2: 250_000, pps2: 42 }),
      ' rateest match RE1 delta bps 1000Kbit pps 3 eq RE2 bps 2000Kbit pps 42',
      ' rateest match RE1 delta bps 125000 pps 3 eq RE2 bps 250000 pps 42',
      ' --rateest-delta --rateest1 RE1 --rateest-bps1 1000Kbit --rateest-eq --rateest-bps2 2000Kbit --rateest-pps1 3 --rateest-eq --rateest-pps2 42 --rateest2 RE2',
    ],
  ])('%#', (info, ...shown) => expect(texts(rateest, info, anyHeader)).toEqual(shown));

  it.each([
    [124_999, '999992bit'],
    [125_000, '1000Kbit'],
    [125_062, '1000Kbit'],
    [125_063, '1001Kbit'],
    [124_999_999, '1000000Kbit'],
    [125_000_000, '1000Mbit'],
    // printf rounds halves to the even number
    [125_062_500, '1000Mbit'],
    [125_187_500, '1002Mbit'],
    [4_294_967_295, '34360Mbit'],
  ])('%i bytes a second are %s', (bps2, shown) => {
    expect(rateest.save(of(ABSOLUTE | BYTES, LT, { bps2 }), { header: anyHeader })).toBe(
      ` --rateest RE1 --rateest-lt --rateest-bps ${shown}`,
    );
  });

  // each asked of the kernel
  it.each<[string, RateestInfo, number | undefined]>([
    ['a rate', of(ABSOLUTE | BYTES, EQ), undefined],
    ['all flags but one', of(0xffff & ~RELATIVE, GT), undefined],
    ['neither way', of(BYTES, EQ), errno.EINVAL],
    ['both ways', of(ABSOLUTE | RELATIVE | BYTES, EQ), errno.EINVAL],
    ['nothing compared', of(ABSOLUTE, EQ), errno.EINVAL],
    ['no comparison', of(ABSOLUTE | BYTES, 0), errno.EINVAL],
    ['another comparison', of(ABSOLUTE | BYTES, 4), errno.EINVAL],
    ['an endless name', of(ABSOLUTE | BYTES, EQ, { name1: room(16, 'a'.repeat(16)) }), errno.ENAMETOOLONG],
    ['an endless second name', of(ABSOLUTE | BYTES, EQ, { name2: room(16, 'a'.repeat(16)) }), errno.ENAMETOOLONG],
    ['no comparison of an endless name', of(ABSOLUTE | BYTES, 0, { name1: room(16, 'a'.repeat(16)) }), errno.EINVAL],
  ])('%s', (_, info, code) => expect(checkErrno(rateest, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => rateest.nft(of(ABSOLUTE | BYTES, EQ), checking())).toThrow('estimators');
  });
});
