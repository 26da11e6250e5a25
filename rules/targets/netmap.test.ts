import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { type HookName, hooks } from '../../protocol/x-tables.ts';
import type { NftTarget } from '../extension.ts';
import type { NatRange } from '../nat/nat-range.ts';
import { range } from '../nat/testing/range.ts';
import type { NftNat } from '../nft/json.ts';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { translated } from '../testing/target-nft.ts';
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

  const field = (name: 'saddr' | 'daddr') => ({ payload: { protocol: 'ip', field: name } }) as const;
  const within = (name: 'saddr' | 'daddr', hosts: string, network = '10.9.0.0') => ({
    addr: { '|': [{ '&': [field(name), hosts] }, network] as const },
  });
  const snat = within('saddr', '0.0.0.255');
  const dnat = within('daddr', '0.0.0.255');
  const bits = (names: readonly HookName[]) => names.reduce((sum, name) => sum | (1 << hooks[name]), 0);

  it.each<[readonly HookName[], NftTarget | string]>([
    [['POSTROUTING'], { statements: [{ snat }] }],
    [['INPUT'], { statements: [{ snat }] }],
    [['INPUT', 'POSTROUTING'], { statements: [{ snat }] }],
    [['PREROUTING'], { statements: [{ dnat }] }],
    [['PREROUTING', 'OUTPUT'], { statements: [{ dnat }] }],
    [['PREROUTING', 'POSTROUTING'], 'nft must be told which'],
    [['INPUT', 'OUTPUT'], 'nft must be told which'],
    [[], { statements: [] }],
  ] as readonly [readonly HookName[], NftTarget | string][])('from %j', (from, expected) => {
    const found = translated(netmap, range({ hosts: [0, 255] }), { hooks: bits(from) });
    if (typeof expected === 'string') expect(found).toContain(expected);
    else expect(found).toEqual(expected);
  });

  it.each<[string, NatRange, NftNat]>([
    ['one address', range({ hosts: [7, 7] }), { addr: '10.9.0.7' }],
    [
      'the whole of IPv4',
      { ...range({ hosts: [0, 0] }), minAddress: [0, 0, 0, 0], maxAddress: [0xffffffff, 0, 0, 0] },
      { addr: field('daddr') },
    ],
    ['a mask with holes', range({ hosts: [0, 5] }), within('daddr', '0.0.0.5')],
    ['from high to low', range({ hosts: [6, 1] }), within('daddr', '0.0.0.7')],
    ['random', range({ hosts: [0, 1], flags: 4 }), { ...within('daddr', '0.0.0.1'), flags: ['random'] }],
  ])('%s', (_, info, nat) => {
    expect(translated(netmap, info, { hooks: bits(['OUTPUT']) })).toEqual({ statements: [{ dnat: nat }] });
  });

  it('no ports without a protocol', () => {
    const info = range({ hosts: [0, 1], ports: [1, 2] });
    expect(translated(netmap, info, { hooks: bits(['OUTPUT']) })).toContain('ports only with a protocol');
  });
});
