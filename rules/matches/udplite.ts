import { defineMatch } from '../extension.ts';
import { type UdpInfo, udpPorts } from '../ports/udp-ports.ts';

/**
 * `udplite`: ports of UDP-Lite, as the kernel's udp match has them. iptables 1.8.9 has no plugin for it: `-L` says
 * so, `-S` gives up, where ours writes it as udp's.
 */
export const udplite = defineMatch<UdpInfo>({
  ...udpPorts('udplite'),
  examples: [],
  placement: { protocol: 136 },
  print: () => "UNKNOWN match `udplite' ",
});
