import type { Names } from '../extension.ts';

/** Names that iptables knows by itself and prefers to /etc/protocols (libxtables, xtables_chain_protos). */
const builtin: ReadonlyMap<number, string> = new Map([
  [0, 'all'],
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [132, 'sctp'],
  [135, 'mobility-header'],
  [136, 'udplite'],
]);

/** The name of an IP protocol number, as iptables prints it; undefined when it has none. */
export function protocolName(number: number, names: Names): string | undefined {
  return builtin.get(number) ?? names.protocol(number);
}
