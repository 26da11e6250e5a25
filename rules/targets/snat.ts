import { hooks } from '../../protocol/x-tables.ts';
import { defineTarget } from '../extension.ts';
import { checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange, plainRange, shiftableRange } from '../nat/nat-range.ts';
import { natText } from '../nat/nat-text.ts';
import { natOf } from '../nat/nft-nat.ts';

/** SNAT, revisions 0 to 2 (net/netfilter/xt_nat.c; libxt_NAT.c): gives a new flow another source. */
export const snat = defineTarget<NatRange>({
  name: 'SNAT',
  revisions: { 0: compatRange, 1: plainRange, 2: shiftableRange },
  coverage: { partly: ['what iptables never sends: reversed ranges, ports without a protocol, other flags'] },
  examples: [
    '-j SNAT --to-source {address}{| --random| --random-fully| --persistent}',
    '-j SNAT --to-source 10.9.0.{0-99}-10.9.0.{100-255}{| --random --persistent}',
    '-p {tcp|udp|sctp|dccp|icmp} -j SNAT --to-source {address}:{0-65535}{| --random| --random-fully| --persistent}',
    '-p {tcp|udp} -j SNAT --to-source {address}:{1-22}-{3000-65535}{| --random| --random-fully| --persistent}',
    '-p {tcp|udp} -j SNAT --to-source :{1-22}-{3000-65535}',
    '-p {tcp|udp} -j SNAT --to-source 10.9.0.{0-99}-10.9.0.{100-255}:{0-65535}',
  ],
  placement: { table: 'nat', hooks: (1 << hooks.POSTROUTING) | (1 << hooks.INPUT), anyFamily: true },
  check: (info) => checkOneRange('SNAT', info),
  print: (info) => natText(info, { range: 'to:', flag: '' }),
  save: (info) => natText(info, { range: '--to-source ', flag: '--' }),
  nft: (info, { header }) => ({ statements: [{ snat: natOf('SNAT', info, header) }] }),
});
