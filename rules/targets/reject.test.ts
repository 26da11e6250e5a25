import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { errnoOf } from '../../protocol/error.ts';
import type { NftStatement } from '../nft/json.ts';
import { checking } from '../testing/context.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { reject } from './reject.ts';

const tcp = { ...anyHeader, protocol: 6 };
const notTcp = { ...tcp, inverted: 0x40 };
const icmp = (expr: string): NftStatement => ({ reject: { type: 'icmp', expr } });

const cases = [
  { with: 0, name: 'icmp-net-unreachable', nft: icmp('net-unreachable'), listed: 'reject with icmp net-unreachable' },
  {
    with: 1,
    name: 'icmp-host-unreachable',
    nft: icmp('host-unreachable'),
    listed: 'reject with icmp host-unreachable',
  },
  {
    with: 2,
    name: 'icmp-proto-unreachable',
    nft: icmp('prot-unreachable'),
    listed: 'reject with icmp prot-unreachable',
  },
  { with: 3, name: 'icmp-port-unreachable', nft: icmp('port-unreachable'), listed: 'reject' },
  { with: 5, name: 'icmp-net-prohibited', nft: icmp('net-prohibited'), listed: 'reject with icmp net-prohibited' },
  { with: 6, name: 'icmp-host-prohibited', nft: icmp('host-prohibited'), listed: 'reject with icmp host-prohibited' },
  { with: 7, name: 'tcp-reset', nft: { reject: { type: 'tcp reset' } }, listed: 'reject with tcp reset' },
  {
    with: 8,
    name: 'icmp-admin-prohibited',
    nft: icmp('admin-prohibited'),
    listed: 'reject with icmp admin-prohibited',
  },
  { with: 9, name: '(null)', nft: { drop: null }, listed: 'drop' },
] as const;

const check =
  (kind: number, header = anyHeader) =>
  () =>
    reject.check({ with: kind }, { table: 'filter', header, hooks: 2 });

describe('REJECT', () => {
  it('has the size of struct ipt_reject_info', () => expect(reject.revisions[0]?.size).toBe(4));

  it('reads and writes its bytes', () => {
    const data = Uint8Array.of(8, 0, 0, 0);
    expect(reject.revisions[0]?.decode(data)).toEqual({ with: 8 });
    expect(reject.revisions[0]?.encode({ with: 8 })).toEqual(data);
    expect(() => reject.revisions[0]?.decode(data.subarray(1))).toThrow('wanted 4 bytes');
  });

  it('stands in table filter, in INPUT, FORWARD and OUTPUT', () =>
    expect(reject.placement).toEqual({ table: 'filter', hooks: 0b01110 }));

  it.each(cases)('$name', ({ with: kind, name, nft }) => {
    expect(reject.print({ with: kind }, { numeric: true, names: noNames, header: tcp })).toBe(` reject-with ${name}`);
    expect(reject.save({ with: kind }, { header: tcp })).toBe(` --reject-with ${name}`);
    expect(reject.nft({ with: kind }, checking(tcp))).toEqual({ statements: [nft] });
    expect(check(kind, tcp)).not.toThrow();
  });

  it.each([
    { what: 'echo-reply', run: check(4, tcp) },
    { what: 'tcp-reset without -p', run: check(7) },
    { what: 'tcp-reset with -p udp', run: check(7, { ...anyHeader, protocol: 17 }) },
    { what: 'tcp-reset with ! -p tcp', run: check(7, notTcp) },
  ])('refuses $what with EINVAL', ({ run }) => {
    expect(caught(run)).toMatchObject({ code: 'extension-check' });
    expect(errnoOf(caught(run))).toBe(errno.EINVAL);
  });

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    expect(loadRules(cases.map(({ nft }) => [nft])).map(({ text }) => text)).toEqual(cases.map(({ listed }) => listed));
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
