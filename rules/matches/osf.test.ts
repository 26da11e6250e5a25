import { describe, expect, it } from 'vitest';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { headerOf } from '../testing/header.ts';
import { type OsfInfo, osf } from './osf.ts';

const header = headerOf(6);
const of = (genre: string, info: Partial<OsfInfo> = {}): OsfInfo => ({
  genre: room(32, genre),
  len: genre.length,
  flags: 0,
  loglevel: 0,
  ttl: 0,
  ...info,
});

describe('osf', () => {
  it('has the size of struct xt_osf_info', () => expect(osf.revisions[0]?.size).toBe(48));
  it('keeps every byte', () => expectRoundTrips(osf));

  // each as iptables 1.8.9 writes it
  it.each<[OsfInfo, string, string]>([
    [of('linux'), ' OS fingerprint match linux', ' --genre linux'],
    [of('linux', { flags: 6 }), ' OS fingerprint match linux', ' --genre linux --ttl 0 --log 0'],
    [of('Windows', { flags: 10, ttl: 2 }), ' OS fingerprint match ! Windows', ' ! --genre Windows --ttl 2'],
    [of('a b', { flags: 4, loglevel: 2 }), ' OS fingerprint match a b', ' --genre a b --log 2'],
  ])('%#', (info, list, save) => expect(texts(osf, info, header)).toEqual([list, list, save]));

  it('stands where a SYN comes in, of TCP', () => {
    expect(osf.placement).toEqual({ protocol: 6, hooks: 0b111 });
  });

  it('takes anything, as the kernel', () => {
    expect(checkErrno(osf, of('x'.repeat(32), { flags: 0xffffffff, ttl: 9, loglevel: 9 }))).toBeUndefined();
  });

  it('is left to the kernel', () => {
    expect(() => osf.nft(of('linux'), checking(header))).toThrow('stops at the first');
  });
});
