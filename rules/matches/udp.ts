import { defineMatch } from '../extension.ts';
import { printPortPair } from '../ports/port-pair.ts';
import { UDP_INVERSIONS, type UdpInfo, udpPorts } from '../ports/udp-ports.ts';
import { printUnknownFlags } from '../ports/unknown-flags.ts';

/** `-m udp`: ports of UDP (net/netfilter/xt_tcpudp.c, extensions/libxt_udp.c). */
export const udp = defineMatch<UdpInfo>({
  ...udpPorts('udp'),
  examples: [
    '-p udp -m udp {|!} --sport {portrange}',
    '-p udp -m udp {|!} --dport {portrange}',
    '-p udp -m udp {|!} --sport {portrange} {|!} --dport {portrange}',
  ],
  placement: { protocol: 17 },
  print: (info, context) =>
    ` udp${printPortPair('udp', info, context)}${printUnknownFlags(info.invflags, UDP_INVERSIONS)}`,
});
