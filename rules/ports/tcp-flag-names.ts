const names: readonly (readonly [flag: number, name: string])[] = [
  [0x01, 'FIN'],
  [0x02, 'SYN'],
  [0x04, 'RST'],
  [0x08, 'PSH'],
  [0x10, 'ACK'],
  [0x20, 'URG'],
];

/**
 * TCP flags as iptables writes them: "SYN,ACK", or "NONE" (extensions/libxt_tcp.c, print_tcpf). ECE and
 * CWR have no name there, and iptables reads past its table for them; here they are left out.
 */
export function flagNames(flags: number): string {
  const found = names.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
  return found.length === 0 ? 'NONE' : found.join(',');
}
