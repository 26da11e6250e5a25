import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips } from '../testing/extension.ts';
import { anyHeader, headerOf } from '../testing/header.ts';
import { type L2tpInfo, l2tp } from './l2tp.ts';

const UDP = 17;
const IP = 115;
const [TID, SID, VERSION, TYPE] = [1, 2, 4, 8] as const;

const of = (flags: number, info: Partial<L2tpInfo> = {}): L2tpInfo => ({
  tid: 0,
  sid: 0,
  version: 0,
  type: 0,
  flags,
  pad: 0,
  ...info,
});

describe('l2tp', () => {
  it('has the size of struct xt_l2tp_info', () => expect(l2tp.revisions[0]?.size).toBe(12));
  it('keeps every byte', () => expectRoundTrips(l2tp));

  it('is unknown to iptables', () => {
    const list = "UNKNOWN match `l2tp' ";
    expect(texts(l2tp, of(TID), anyHeader)).toEqual([list, list, ' [16 bytes]']);
  });

  // each asked of the kernel
  it.each<[string, L2tpInfo, number, number | undefined]>([
    ['nothing', of(0), UDP, errno.EINVAL],
    ['a tunnel', of(TID), UDP, undefined],
    ['a session', of(SID), IP, undefined],
    ['a version', of(VERSION, { version: 3 }), UDP, errno.EINVAL],
    ['type control', of(TYPE), IP, undefined],
    ['type data', of(TYPE, { type: 1 }), IP, errno.EINVAL],
    ['another flag', of(TID | 0x10), UDP, errno.EINVAL],
    ['version 1', of(TID | VERSION, { version: 1 }), UDP, errno.EINVAL],
    ['version 2', of(TID | VERSION, { version: 2 }), UDP, undefined],
    ['version 4', of(TID | VERSION, { version: 4 }), UDP, errno.EINVAL],
    ['a large tunnel of version 2', of(TID | VERSION, { version: 2, tid: 65_536 }), UDP, errno.EINVAL],
    ['a large session of version 2', of(SID | VERSION, { version: 2, sid: 65_536 }), UDP, errno.EINVAL],
    ['a large tunnel of version 3', of(TID | VERSION, { version: 3, tid: 65_536 }), IP, undefined],
    ['version 2 over IP, untested', of(TID, { version: 2 }), IP, errno.EINVAL],
    ['no protocol', of(TID), 0, errno.EINVAL],
    ['another protocol', of(TID), 6, errno.EINVAL],
  ])('%s', (_, info, protocol, code) => expect(checkErrno(l2tp, info, checking(headerOf(protocol)))).toBe(code));

  it('takes an inverted protocol, as the kernel', () => {
    expect(checkErrno(l2tp, of(TID), checking(headerOf(UDP, 0x40)))).toBeUndefined();
  });

  it('is left to the kernel', () => {
    expect(() => l2tp.nft(of(TID), checking())).toThrow('no L2TP header');
  });
});
