import { filterCase, type PacketCase } from './case.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import { sent } from './packet.ts';
import { everyWay, icmpProbes, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { tcp, udp } from './transport.ts';

const rejected = [
  ...everyWay([...tcpProbes, ...udpProbes.slice(0, 3), ...icmpProbes.slice(0, 8)]),
  ...fragments,
  ...pieces,
  ...truncated.slice(0, 12),
  ...odd,
  sent('left', udp(), { source: '10.1.0.2', destination: '10.1.0.255' }),
  sent('left', udp(), { source: '0.0.0.0', destination: '255.255.255.255' }),
  sent('left', tcp({ checksumError: 1 })),
];
const kinds = [
  'icmp-net-unreachable',
  'icmp-host-unreachable',
  'icmp-proto-unreachable',
  'icmp-port-unreachable',
  'icmp-net-prohibited',
  'icmp-host-prohibited',
  'icmp-admin-prohibited',
];
export const rejectCases: readonly PacketCase[] = [
  ...kinds.map((kind) =>
    filterCase(
      `REJECT ${kind}`,
      ['INPUT', 'FORWARD'].map((chain) => `-A ${chain} -j REJECT --reject-with ${kind}`),
      rejected,
    ),
  ),
  filterCase(
    "REJECT of the host's own",
    [
      '-A OUTPUT -p udp -j REJECT',
      '-A OUTPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset',
      '-A OUTPUT -p tcp -m tcp --dport 443 -j REJECT',
    ],
    rejected,
  ),
  filterCase(
    'REJECT tcp-reset',
    ['INPUT', 'FORWARD'].map((chain) => `-A ${chain} -p tcp -j REJECT --reject-with tcp-reset`),
    rejected,
  ),
  filterCase(
    'REJECT some',
    [
      '-A FORWARD -p tcp -m tcp ! --dport 80 -j REJECT --reject-with tcp-reset',
      '-A FORWARD -p udp -m multiport --dports 53,54 -j REJECT',
      '-A INPUT ! -p icmp -j REJECT --reject-with icmp-host-prohibited',
    ],
    rejected,
  ),
  filterCase(
    'REJECT in a chain of all hooks',
    [
      ':no',
      '-A INPUT -j no',
      '-A FORWARD -g no',
      '-A OUTPUT -p udp -j no',
      '-A no -p tcp -j REJECT --reject-with tcp-reset',
      '-A no -p icmp -j RETURN',
      '-A no -j REJECT',
    ],
    rejected,
  ),
];

export const logCases: readonly PacketCase[] = [
  filterCase(
    'LOG goes on',
    [
      '-A FORWARD -j LOG',
      '-A FORWARD -p tcp -j LOG --log-prefix "a prefix: " --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid',
      '-A FORWARD -p tcp -j DROP',
      '-A INPUT -j LOG --log-macdecode',
      '-A OUTPUT -j LOG --log-uid',
    ],
    [...everyWay(mixedProbes), ...truncated, ...fragments],
  ),
];
