import { hooks } from '../../protocol/x-tables.ts';
import { defineTarget } from '../extension.ts';
import { checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange, plainRange, shiftableRange } from '../nat/nat-range.ts';
import { natText } from '../nat/nat-text.ts';
import { natOf } from '../nat/nft-nat.ts';

/** DNAT, revisions 0 to 2 (net/netfilter/xt_nat.c; libxt_NAT.c): gives a new flow another destination. */
export const dnat = defineTarget<NatRange>({
  name: 'DNAT',
  revisions: { 0: compatRange, 1: plainRange, 2: shiftableRange },
  coverage: {
    partly: [
      'shifted ports (--to-destination :1000-1010/2000)',
      'what iptables never sends: reversed ranges, ports without a protocol, other flags',
    ],
  },
  examples: [
    '-j DNAT --to-destination {address}{| --random| --persistent}',
    '-j DNAT --to-destination 10.9.0.{0-99}-10.9.0.{100-255}{| --random --persistent}',
    '-p {tcp|udp|sctp|dccp|icmp} -j DNAT --to-destination {address}:{0-65535}{| --random| --persistent}',
    '-p {tcp|udp} -j DNAT --to-destination {address}:{0-30000}-{30001-65535}{| --random| --persistent}',
    '-p {tcp|udp} -j DNAT --to-destination :{0-65535}',
    '-p {tcp|udp} -j DNAT --to-destination 10.9.0.{0-99}-10.9.0.{100-255}:{0-65535}',
    '-p {tcp|udp} -j DNAT --to-destination {address}:{1000-1009}-{1010-1020}/{1-65535}',
  ],
  placement: { table: 'nat', hooks: (1 << hooks.PREROUTING) | (1 << hooks.OUTPUT), anyFamily: true },
  check: (info) => checkOneRange('DNAT', info),
  print: (info) => natText(info, { range: 'to:', flag: '' }),
  save: (info) => natText(info, { range: '--to-destination ', flag: '--' }),
  nft: (info, { header }) => ({ statements: [{ dnat: natOf('DNAT', info, header) }] }),
});
