import { table } from './case.ts';
import {
  eachKind,
  forwarded,
  left,
  listing,
  masked,
  type NatCase,
  natCase,
  other,
  right,
  watchedFilter,
} from './nat-case.ts';
import { natFlow } from './nat-flows.ts';
import { address } from './packet.ts';

export const snatCases: readonly NatCase[] = [
  natCase(
    'SNAT to an address',
    ['-A POSTROUTING -o right -j SNAT --to-source 10.2.0.50'],
    eachKind({ source: masked }),
    ['src=10.2.0.2 dst=10.2.0.50 sport=80 dport=1024', 'src=10.2.0.2 dst=10.2.0.50 type=0'],
  ),
  natCase(
    'SNAT to a port',
    [
      '-A POSTROUTING -p tcp -j SNAT --to-source 10.2.0.50:7777 --random --random-fully',
      '-A POSTROUTING -p udp -j SNAT --to-source :1000-2000',
      '-A POSTROUTING -p icmp -j SNAT --to-source 10.2.0.50:78',
    ],
    [
      forwarded('tcp', { source: masked(7777) }),
      forwarded('udp', { to: right(53) }),
      forwarded('icmp', { source: masked(78), destination: right(78) }),
    ],
    ['sport=80 dport=7777', 'sport=53 dport=1024', 'dst=10.2.0.50 type=0 code=0 id=78'],
  ),
  natCase(
    'SNAT to ranges',
    ['-A POSTROUTING -j SNAT --to-source 10.2.0.48-10.2.0.63 --persistent'],
    [1, 2, 3, 4, 5, 6].flatMap((host) => [
      { protocol: 'tcp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 + host }, to: right(80) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 + host }, to: other(53) } as const,
    ]),
    ['dst=10.2.0.5'],
  ),
  natCase(
    'SNAT in INPUT',
    ['-A INPUT -s 10.1.0.2 -j SNAT --to-source 10.1.0.77'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'left',
      from: left(1024),
      to: { ip: address.hostLeft, port: 80 },
    })),
    ['src=10.1.0.1 dst=10.1.0.77'],
  ),
  natCase(
    'SNAT and DNAT of one flow',
    [
      '-A PREROUTING -j DNAT --to-destination 10.2.0.9',
      '-A POSTROUTING -d 10.2.0.9 -j SNAT --to-source 10.2.0.50',
      '-A POSTROUTING -d 10.2.0.2',
    ],
    eachKind({ source: masked, destination: other }),
    ['src=10.2.0.9 dst=10.2.0.50 sport=80 dport=1024'],
  ),
  {
    title: 'a flow keeps its translation when the rules go, and has none when they come too late',
    made: ['src=10.2.0.9 dst=10.2.0.50', 'src=10.2.0.2 dst=10.1.0.2 sport=81'],
    steps: [
      {
        // filter keeps conntrack going: without rules for it ip_tables lets go of it at once, nftables a moment later
        restore:
          table('nat', [
            '-A PREROUTING -j DNAT --to-destination 10.2.0.9',
            '-A POSTROUTING -j SNAT --to-source 10.2.0.50',
          ]) + watchedFilter,
      },
      { send: natFlow(forwarded('tcp', { source: masked(1024), destination: other(80) })).slice(0, 3) },
      { restore: table('nat', []) },
      {
        send: [
          ...natFlow(forwarded('tcp', { source: masked(1024), destination: other(80) })).slice(3, 5),
          ...natFlow(forwarded('tcp', { to: right(81) })).slice(0, 2),
        ],
      },
      { restore: table('nat', ['-A PREROUTING -j DNAT --to-destination 10.2.0.13']) },
      { send: natFlow(forwarded('tcp', { to: right(81) })).slice(2, 5) },
      { run: listing },
    ],
  },
];
