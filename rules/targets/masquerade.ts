import { hooks } from '../../protocol/x-tables.ts';
import { defineTarget } from '../extension.ts';
import { checkNoAddress, checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange } from '../nat/nat-range.ts';
import { natText } from '../nat/nat-text.ts';
import { natOfPorts } from '../nat/nft-nat.ts';

/**
 * MASQUERADE, revision 0 (net/netfilter/xt_MASQUERADE.c; libxt_NAT.c): the source becomes the address that
 * the outgoing interface has; without one the packet is dropped.
 */
export const masquerade = defineTarget<NatRange>({
  name: 'MASQUERADE',
  revisions: { 0: compatRange },
  coverage: { partly: ['what iptables never sends: reversed ranges, ports without a protocol, other flags'] },
  examples: [
    '-j MASQUERADE{| --random| --random-fully}',
    '-p {tcp|udp|sctp|dccp|icmp} -j MASQUERADE --to-ports {0-65535}{| --random| --random-fully}',
    '-p {tcp|udp} -j MASQUERADE --to-ports {1-22}-{3000-65535}{| --random| --random-fully}',
  ],
  placement: { table: 'nat', hooks: 1 << hooks.POSTROUTING },
  check(info) {
    checkNoAddress('MASQUERADE', info);
    checkOneRange('MASQUERADE', info);
  },
  print: (info) => natText(info, { range: 'masq ports: ', flag: '', onlyPorts: true }),
  save: (info) => natText(info, { range: '--to-ports ', flag: '--', onlyPorts: true }),
  nft: (info, { header }) => ({ statements: [{ masquerade: natOfPorts('MASQUERADE', info, header) }] }),
});
