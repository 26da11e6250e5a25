import { IPT_INV_PROTO } from '../../protocol/ip-tables.ts';
import { defineStruct, u8, u16 } from '../../protocol/struct.ts';
import { hooks } from '../../protocol/x-tables.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_synproxy_info = defineStruct('xt_synproxy_info', 'linux/netfilter/xt_SYNPROXY.h', {
  options: u8,
  wscale: u8,
  mss: u16,
});

export type SynproxyInfo = ReturnType<typeof xt_synproxy_info.read>;

const IPPROTO_TCP = 6;

const reason = "nft's synproxy answers SYN with ACK, FIN or RST too; SYNPROXY only checks those";

/** XT_SYNPROXY_OPT_*, in the order in which iptables writes them. */
const options: readonly { readonly bit: number; readonly name: string; readonly value?: 'wscale' | 'mss' }[] = [
  { bit: 0x04, name: 'sack-perm' },
  { bit: 0x08, name: 'timestamp' },
  { bit: 0x02, name: 'wscale', value: 'wscale' },
  { bit: 0x01, name: 'mss', value: 'mss' },
  { bit: 0x10, name: 'ecn' },
];

/**
 * SYNPROXY, revision 0 (net/ipv4/netfilter/ipt_SYNPROXY.c; libxt_SYNPROXY.c): answers a client's handshake by
 * cookies, and opens the connection to the server only when it was completed.
 */
export const synproxy = defineTarget<SynproxyInfo>({
  name: 'SYNPROXY',
  revisions: { 0: structRevision(xt_synproxy_info) },
  coverage: { none: reason },
  examples: [
    '-p tcp -j SYNPROXY',
    '-p tcp -j SYNPROXY{| --sack-perm}{| --timestamp}{| --ecn} --wscale {0-14} --mss {536-1460}',
  ],
  unpredictable: 'cookies are made of the time',
  placement: { hooks: (1 << hooks.INPUT) | (1 << hooks.FORWARD) },
  check(_, { header: { protocol, inverted } }) {
    if (protocol !== IPPROTO_TCP || (inverted & IPT_INV_PROTO) !== 0) refuse('SYNPROXY: wants -p tcp');
  },
  print: (info) =>
    ` SYNPROXY ${words(info)
      .map((word) => `${word} `)
      .join('')}`,
  save: (info) =>
    words(info)
      .map((word) => ` --${word}`)
      .join(''),
  nft: () => cannotExpress(`SYNPROXY: ${reason}`),
});

function words(info: SynproxyInfo): readonly string[] {
  return options
    .filter(({ bit }) => (info.options & bit) !== 0)
    .map(({ name, value }) => (value === undefined ? name : `${name} ${info[value]}`));
}
