import { defineStruct, u32 } from '../../protocol/struct.ts';
import { askedProtocol } from '../asked-protocol.ts';
import { type CheckContext, defineTarget, refuse } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';

/** enum ipt_reject_with is an unsigned int. */
const ipt_reject_info = defineStruct('ipt_reject_info', 'linux/netfilter_ipv4/ipt_REJECT.h', { with: u32 });

const HOOKS = (1 << 1) | (1 << 2) | (1 << 3); // INPUT, FORWARD, OUTPUT
const IPPROTO_TCP = 6;

const ECHO_REPLY = 4;
const TCP_RESET = 7;

/** Names of enum ipt_reject_with, and nft's for the ICMP codes behind them (ipt_REJECT.c, reject_tg). */
const kinds: readonly { readonly name: string; readonly code?: string }[] = [
  { name: 'icmp-net-unreachable', code: 'net-unreachable' },
  { name: 'icmp-host-unreachable', code: 'host-unreachable' },
  { name: 'icmp-proto-unreachable', code: 'prot-unreachable' },
  { name: 'icmp-port-unreachable', code: 'port-unreachable' },
  { name: 'echo-reply' },
  { name: 'icmp-net-prohibited', code: 'net-prohibited' },
  { name: 'icmp-host-prohibited', code: 'host-prohibited' },
  { name: 'tcp-reset' },
  { name: 'icmp-admin-prohibited', code: 'admin-prohibited' },
];

export interface RejectInfo {
  /** enum ipt_reject_with; the kernel loads numbers past its end too. */
  readonly with: number;
}

/** REJECT, revision 0 (net/ipv4/netfilter/ipt_REJECT.c; libipt_REJECT.c): drops and tells the sender. */
export const reject = defineTarget<RejectInfo>({
  name: 'REJECT',
  revisions: {
    0: {
      size: ipt_reject_info.size,
      decode: (data) => ipt_reject_info.read(data),
      encode: (info) => ipt_reject_info.write(info),
    },
  },
  coverage: 'all',
  examples: [
    '-j REJECT --reject-with {icmp-net-unreachable|icmp-host-unreachable|icmp-proto-unreachable|icmp-port-unreachable|icmp-net-prohibited|icmp-host-prohibited|icmp-admin-prohibited}',
    '-p tcp -j REJECT --reject-with tcp-reset',
  ],
  placement: { table: 'filter', hooks: HOOKS },
  check,
  print: (info) => ` reject-with ${nameOf(info)}`,
  save: (info) => ` --reject-with ${nameOf(info)}`,
  nft: (info) => ({ statements: statements(info) }),
});

function check(info: RejectInfo, { header }: CheckContext): void {
  if (info.with === ECHO_REPLY) refuse('REJECT: echo-reply is no longer supported');
  if (info.with === TCP_RESET && askedProtocol(header) !== IPPROTO_TCP) {
    refuse('REJECT: tcp-reset wants -p tcp');
  }
}

function nameOf(info: RejectInfo): string {
  return kinds[info.with]?.name ?? '(null)'; // what printf makes of iptables' empty table entries
}

function statements(info: RejectInfo): readonly NftStatement[] {
  if (info.with === TCP_RESET) return [{ reject: { type: 'tcp reset' } }];
  const code = kinds[info.with]?.code;
  // Numbers past the end: the kernel drops without a word.
  return code === undefined ? [{ drop: null }] : [{ reject: { type: 'icmp', expr: code } }];
}
