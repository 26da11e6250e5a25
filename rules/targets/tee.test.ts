import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { nftOf } from '../testing/target-nft.ts';
import { noNames } from '../text/no-names.ts';
import { type TeeInfo, tee } from './tee.ts';

function to(gateway: number, device = ''): TeeInfo {
  const oif = new Uint8Array(16);
  oif.set(Buffer.from(device, 'latin1'));
  return { gw: [gateway, 0, 0, 0], oif, priv: 0n };
}

const cases = [
  { info: to(0x0a090001), text: 'gw:10.9.0.1', saved: '--gateway 10.9.0.1' },
  { info: to(0x7f000001, 'eth0'), text: 'gw:127.0.0.1 oif=eth0', saved: '--gateway 127.0.0.1 --oif eth0' },
  {
    info: to(1, 'a23456789012345'),
    text: 'gw:0.0.0.1 oif=a23456789012345',
    saved: '--gateway 0.0.0.1 --oif a23456789012345',
  },
];

describe('TEE', () => {
  it('has the size of struct xt_tee_tginfo', () => {
    expect(Object.entries(tee.revisions).map(([revision, { size }]) => [revision, size])).toEqual([['1', 40]]);
    expectBytesKept(tee, [...cases.map(({ info }) => info), { ...to(5, 'x'), gw: [1, 2, 3, 4], priv: 7n }]);
  });

  it.each(cases)('$saved', ({ info, text, saved }) => {
    expect(texts(tee, info)).toEqual([` TEE ${text}`, ` TEE ${text}`, ` ${saved}`]);
  });

  it('lists the gateway’s name', () => {
    const names = { ...noNames, address: () => 'gateway.example' };
    expect(tee.print(to(1), { numeric: false, names, header: anyHeader })).toBe(' TEE gw:gateway.example');
    expect(tee.print(to(1), { numeric: true, names, header: anyHeader })).toBe(' TEE gw:0.0.0.1');
  });

  it.each([
    { title: 'a gateway', info: to(1), code: undefined },
    { title: 'none', info: to(0), code: errno.EINVAL },
    { title: 'one behind an IPv4 address', info: { ...to(0), gw: [0, 0, 0, 1] as const }, code: undefined },
    { title: '15 bytes of name', info: to(1, 'a23456789012345'), code: undefined },
    { title: '16 bytes of name', info: to(1, 'a234567890123456'), code: errno.EINVAL },
  ])('check: $title', ({ info, code }) => expect(checkErrno(tee, info)).toBe(code));

  it('nft copies to a gateway', () => expect(nftOf(tee, to(0x0a090001))).toEqual([{ dup: { addr: '10.9.0.1' } }]));

  it('an interface is left to the kernel', () => expect(nftOf(tee, to(1, 'eth0'))).toContain('number of an interface'));

  it.skipIf(nftMissing)(`nft loads it (${nftMissing ?? 'here'})`, () => {
    expect(loadRules([[{ dup: { addr: '10.9.0.1' } }]]).map(({ text }) => text)).toEqual(['dup to 10.9.0.1']);
  });
});
