import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader, headerOf, notTcp, tcp } from '../testing/header.ts';
import { nftOf } from '../testing/target-nft.ts';
import { synproxy } from './synproxy.ts';

const cases = [
  { info: { options: 0, wscale: 7, mss: 5 }, listed: '', saved: '' },
  {
    info: { options: 0x1f, wscale: 7, mss: 1460 },
    listed: 'sack-perm timestamp wscale 7 mss 1460 ecn ',
    saved: ' --sack-perm --timestamp --wscale 7 --mss 1460 --ecn',
  },
  {
    info: { options: 0x03, wscale: 255, mss: 65535 },
    listed: 'wscale 255 mss 65535 ',
    saved: ' --wscale 255 --mss 65535',
  },
  { info: { options: 0xf0, wscale: 0, mss: 0 }, listed: 'ecn ', saved: ' --ecn' },
];

describe('SYNPROXY', () => {
  it('has the size of struct xt_synproxy_info', () => {
    expect(synproxy.revisions[0]?.size).toBe(4);
    expectBytesKept(
      synproxy,
      cases.map(({ info }) => info),
    );
    expect(synproxy.revisions[0]?.decode(Uint8Array.of(3, 7, 0xb4, 5))).toEqual({ options: 3, wscale: 7, mss: 1460 });
    expect(synproxy.placement).toEqual({ hooks: 0b110 });
  });

  it.each(cases)('options$saved', ({ info, listed, saved }) => {
    expect(texts(synproxy, info, tcp)).toEqual([` SYNPROXY ${listed}`, ` SYNPROXY ${listed}`, saved]);
    expect(nftOf(synproxy, info, tcp)).toContain('answers SYN with ACK');
  });

  it.each([
    { title: '-p tcp', header: tcp, code: undefined },
    { title: '! -p tcp', header: notTcp, code: errno.EINVAL },
    { title: '-p udp', header: headerOf(17), code: errno.EINVAL },
    { title: 'no -p', header: anyHeader, code: errno.EINVAL },
  ])('check: $title', ({ header, code }) =>
    expect(checkErrno(synproxy, { options: 0, wscale: 0, mss: 0 }, checking(header))).toBe(code),
  );
});
