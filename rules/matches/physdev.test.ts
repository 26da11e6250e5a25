import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type PhysdevInfo, physdev } from './physdev.ts';

const [IN, OUT, BRIDGED, IS_IN, IS_OUT] = [1, 2, 4, 8, 0x10] as const;
const [FORWARD, OUTPUT] = [1 << 2, 1 << 3] as const;

const of = (bitmask: number, info: Partial<PhysdevInfo> = {}): PhysdevInfo => ({
  physindev: new Uint8Array(16),
  in_mask: new Uint8Array(16),
  physoutdev: new Uint8Array(16),
  out_mask: new Uint8Array(16),
  invert: 0,
  bitmask,
  ...info,
});

describe('physdev', () => {
  it('has the size of struct xt_physdev_info', () => expect(physdev.revisions[0]?.size).toBe(66));
  it('keeps every byte', () => expectRoundTrips(physdev));

  // each as iptables 1.8.9 writes it
  it.each<[PhysdevInfo, string]>([
    [of(IN, { physindev: room(16, 'lo') }), ' --physdev-in lo'],
    [of(IN | IS_IN, { physindev: room(16, 'eth+'), invert: IN }), ' --physdev-is-in ! --physdev-in eth+'],
    [
      of(OUT | BRIDGED, { physoutdev: room(16, 'abcdefghijklmno'), invert: OUT }),
      ' ! --physdev-out abcdefghijklmno --physdev-is-bridged',
    ],
    [of(IS_IN | IS_OUT | BRIDGED, { invert: 0xff }), ' ! --physdev-is-in ! --physdev-is-out ! --physdev-is-bridged'],
  ])('%#', (info, text) => {
    const list = ` PHYSDEV match${text}`;
    expect(texts(physdev, info, anyHeader)).toEqual([list, list, text]);
  });

  // each asked of the kernel
  it.each<[string, PhysdevInfo, number, number | undefined]>([
    ['nothing', of(0), FORWARD, errno.EINVAL],
    ['another bit', of(0x20), FORWARD, errno.EINVAL],
    ['another bit too', of(IN | 0x20), FORWARD, errno.EINVAL],
    ['an endless name', of(IN, { physindev: room(16, 'a'.repeat(16)) }), OUTPUT, undefined],
    ['out, forwarded', of(OUT), FORWARD, undefined],
    ['out, the host', of(OUT), OUTPUT, errno.EINVAL],
    ['is out, the host', of(IS_OUT), OUTPUT, errno.EINVAL],
    ['out bridged, the host', of(OUT | BRIDGED), OUTPUT, undefined],
    ['out not bridged, the host', of(OUT | BRIDGED, { invert: BRIDGED }), OUTPUT, errno.EINVAL],
    ['is in, the host', of(IS_IN), OUTPUT, undefined],
  ])('%s', (_, info, hooks, code) => {
    expect(checkErrno(physdev, info, { ...checking(anyHeader), hooks })).toBe(code);
  });

  it('is left to the kernel', () => {
    expect(() => physdev.nft(of(IN), checking())).toThrow('bridge family');
  });
});
