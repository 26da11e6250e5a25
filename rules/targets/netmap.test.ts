import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { range } from '../nat/testing/range.ts';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { nftOf } from '../testing/target-nft.ts';
import { netmap } from './netmap.ts';

describe('NETMAP', () => {
  it.each([
    { hosts: [0, 255], text: '10.9.0.0/24' },
    { hosts: [7, 7], text: '10.9.0.7/32' },
    { hosts: [0, 127], text: '10.9.0.0/25' },
    { hosts: [0, 5], text: '10.9.0.0/255.255.255.250' },
  ] as const)('$text', ({ hosts, text }) => {
    expect(texts(netmap, range({ hosts }))).toEqual([` to:${text}`, ` to:${text}`, ` --to ${text}`]);
  });

  it('the whole of IPv4', () => {
    const all = { ...range({ hosts: [0, 0] }), minAddress: [0, 0, 0, 0], maxAddress: [0xffffffff, 0, 0, 0] } as const;
    expect(texts(netmap, all)[2]).toBe(' --to 0.0.0.0/0');
  });

  it('has the size of its struct', () => {
    expect(netmap.revisions[0]?.size).toBe(20);
    expectBytesKept(netmap, [range({ hosts: [0, 255] })]);
    expect(netmap.placement).toEqual({ table: 'nat', hooks: 0b11011 });
  });

  it('takes one range of addresses', () => {
    expect(checkErrno(netmap, range({ hosts: [0, 1] }))).toBeUndefined();
    expect(checkErrno(netmap, range({ hosts: [0, 1], rangesize: 2 }))).toBe(errno.EINVAL);
    expect(checkErrno(netmap, range({}))).toBe(errno.EINVAL);
  });

  it('is the kernel’s own', () => expect(nftOf(netmap, range({ hosts: [0, 1] }))).toContain('from the hook'));
});
