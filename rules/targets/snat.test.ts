import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NatRange } from '../nat/nat-range.ts';
import { range } from '../nat/testing/range.ts';
import type { NftNat, NftStatement } from '../nft/json.ts';
import { texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader, headerOf, notTcp, tcp } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { nftOf } from '../testing/target-nft.ts';
import { dnat } from './dnat.ts';
import { snat } from './snat.ts';

const RANDOM = 0x04;
const PERSISTENT = 0x08;
const FULLY = 0x10;
const OFFSET = 0x20;

interface Case {
  readonly info: NatRange;
  /** As iptables writes it behind `to:`. */
  readonly text: string;
  /** Behind `--to-source`, where the flags are written otherwise. */
  readonly saved?: string;
  readonly nft: NftNat;
  readonly header?: typeof tcp;
}

const cases: readonly Case[] = [
  { info: range({ hosts: [1, 1] }), text: '10.9.0.1', nft: { addr: '10.9.0.1' } },
  { info: range({ hosts: [1, 9] }), text: '10.9.0.1-10.9.0.9', nft: { addr: { range: ['10.9.0.1', '10.9.0.9'] } } },
  {
    info: range({ hosts: [1, 9], flags: RANDOM | FULLY | PERSISTENT }),
    text: '10.9.0.1-10.9.0.9 random random-fully persistent',
    saved: '10.9.0.1-10.9.0.9 --random --random-fully --persistent',
    nft: { addr: { range: ['10.9.0.1', '10.9.0.9'] }, flags: ['random', 'fully-random', 'persistent'] },
  },
  {
    info: range({ hosts: [1, 1], ports: [80, 80] }),
    header: tcp,
    text: '10.9.0.1:80',
    nft: { addr: '10.9.0.1', port: 80 },
  },
  { info: range({ ports: [0, 65535] }), header: tcp, text: ':0-65535', nft: { port: { range: [0, 65535] } } },
  {
    info: range({ hosts: [1, 2], ports: [80, 81], flags: RANDOM }),
    header: tcp,
    text: '10.9.0.1-10.9.0.2:80-81 random',
    saved: '10.9.0.1-10.9.0.2:80-81 --random',
    nft: { addr: { range: ['10.9.0.1', '10.9.0.2'] }, port: { range: [80, 81] }, flags: ['random'] },
  },
  {
    info: range({ hosts: [0, 0], ports: [0, 0] }),
    header: headerOf(1),
    text: '10.9.0.0:0',
    nft: { addr: '10.9.0.0', port: 0 },
  },
];

/** What only the kernel's own target can do. */
const beyond: readonly { readonly info: NatRange; readonly header?: typeof tcp; readonly why: string }[] = [
  { info: range({}), why: 'nft wants an address or a port' },
  { info: range({ flags: RANDOM }), why: 'nft wants an address or a port' },
  { info: range({ hosts: [9, 1] }), why: 'nft has no range from high to low' },
  { info: range({ ports: [9, 1] }), header: tcp, why: 'nft has no range from high to low' },
  { info: range({ ports: [80, 80] }), why: 'ports only with a protocol' },
  { info: range({ ports: [80, 80] }), header: notTcp, why: 'ports only with a protocol' },
  { info: range({ ports: [80, 80] }), header: headerOf(47), why: 'ports only with a protocol' },
  { info: range({ hosts: [1, 1], flags: OFFSET }), why: 'no shifted ports' },
  { info: range({ hosts: [1, 1], flags: 0x40 }), why: 'unknown flags 0x41' },
  { info: range({ hosts: [1, 1], flags: 0x80000000 | 0 }), why: 'unknown flags 0x80000001' },
  { info: { ...range({ hosts: [1, 1] }), maxAddress: [0x0a090001, 0, 0, 1] }, why: "longer than IPv4's" },
];

describe.each([
  { target: snat, option: '--to-source', key: 'snat' },
  { target: dnat, option: '--to-destination', key: 'dnat' },
] as const)('$target.name', ({ target, option, key }) => {
  const statement = (nat: NftNat): NftStatement => (key === 'snat' ? { snat: nat } : { dnat: nat });

  it('has the sizes of its structs', () => {
    expect(Object.values(target.revisions).map(({ size }) => size)).toEqual([20, 40, 44]);
    expectBytesKept(
      target,
      cases.map(({ info }) => info),
    );
  });

  it.each(cases)('$text', ({ info, text, saved = text, nft, header = anyHeader }) => {
    expect(texts(target, info, header)).toEqual([` to:${text}`, ` to:${text}`, ` ${option} ${saved}`]);
    expect(nftOf(target, info, header)).toEqual([statement(nft)]);
  });

  it('shifted ports', () => {
    const info = range({ hosts: [1, 1], ports: [1000, 1010], flags: OFFSET, basePort: 2000 });
    expect(texts(target, info, tcp)[2]).toBe(` ${option} 10.9.0.1:1000-1010/2000`);
    expect(nftOf(target, info, tcp)).toContain('no shifted ports');
  });

  it.each(beyond)('nft: $why', ({ info, header, why }) => expect(nftOf(target, info, header)).toContain(why));

  it('takes one range', () => {
    expect([0, 1, 2].map((rangesize) => checkErrno(target, range({ hosts: [1, 1], rangesize })))).toEqual([
      errno.EINVAL,
      undefined,
      errno.EINVAL,
    ]);
  });

  it.skipIf(nftMissing)(`nft loads them (${nftMissing ?? 'here'})`, () => {
    const rules = cases.map(({ nft, header }): readonly NftStatement[] => [
      ...(header === undefined
        ? []
        : [{ match: { op: '==', left: { meta: { key: 'l4proto' } }, right: header.protocol } } as const]),
      statement(nft),
    ]);
    expect(loadErrors([rules])).toBe('');
  });
});

it('stand where the kernel lets them', () => {
  expect(snat.placement).toEqual({ table: 'nat', hooks: (1 << 4) | (1 << 1), anyFamily: true });
  expect(dnat.placement).toEqual({ table: 'nat', hooks: (1 << 0) | (1 << 3), anyFamily: true });
});
