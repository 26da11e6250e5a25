import { hooks } from '../../protocol/x-tables.ts';
import { defineTarget } from '../extension.ts';
import { checkNoAddress, checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange } from '../nat/nat-range.ts';
import { natText } from '../nat/nat-text.ts';
import { natOfPorts } from '../nat/nft-nat.ts';

/**
 * REDIRECT, revision 0 (net/netfilter/xt_REDIRECT.c; libxt_NAT.c): the destination becomes this host, by the
 * incoming interface's address, or 127.0.0.1 for what the host itself sends.
 */
export const redirect = defineTarget<NatRange>({
  name: 'REDIRECT',
  revisions: { 0: compatRange },
  coverage: { partly: ['what iptables never sends: reversed ranges, ports without a protocol, other flags'] },
  examples: [
    '-j REDIRECT{| --random}',
    '-p {tcp|udp|sctp|dccp|icmp} -j REDIRECT --to-ports {0-65535}{| --random}',
    '-p {tcp|udp} -j REDIRECT --to-ports {0-30000}-{30001-65535}{| --random}',
  ],
  placement: { table: 'nat', hooks: (1 << hooks.PREROUTING) | (1 << hooks.OUTPUT) },
  check(info) {
    checkNoAddress('REDIRECT', info);
    checkOneRange('REDIRECT', info);
  },
  print: (info) => natText(info, { range: 'redir ports ', flag: '', onlyPorts: true }),
  save: (info) => natText(info, { range: '--to-ports ', flag: '--', onlyPorts: true }),
  nft: (info, { header }) => ({ statements: [{ redirect: natOfPorts('REDIRECT', info, header) }] }),
});
