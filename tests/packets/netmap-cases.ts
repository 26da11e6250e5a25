import { forwarded, left, type NatCase, natCase, other, own, right } from './nat-case.ts';
import type { NatFlow } from './nat-flows.ts';
import { address } from './packet.ts';

/** Flows between addresses that such a rule leaves as they are; whether it translated, `--ctstate` tells. */
const asTheyAre: readonly NatFlow[] = [
  { protocol: 'udp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } },
  forwarded('tcp'),
  forwarded('udp', { to: right(53) }),
  {
    protocol: 'udp',
    at: 'host',
    from: own(1026),
    to: right(80),
    answer: { at: 'right', from: right(80), to: own(1026) },
  },
];

export const netmapCases: readonly NatCase[] = [
  natCase(
    'NETMAP in PREROUTING and POSTROUTING',
    [
      '-A PREROUTING -d 198.51.100.0/24 -j NETMAP --to 10.2.0.0/24',
      '-A POSTROUTING -s 10.1.0.0/24 -j NETMAP --to 192.0.2.0/28',
    ],
    [
      forwarded('tcp', {
        to: { ip: '198.51.100.9', port: 80 },
        source: { ip: '192.0.2.2', port: 1024 },
        destination: other(80),
      }),
      forwarded('udp', { from: { ip: '10.1.0.37', port: 9 }, source: { ip: '192.0.2.5', port: 9 } }),
    ],
    ['src=10.2.0.9 dst=192.0.2.2 sport=80 dport=1024', 'src=10.2.0.2 dst=192.0.2.5'],
  ),
  natCase(
    'NETMAP in INPUT and OUTPUT, and in a chain of all hooks',
    [
      ':both',
      '-A INPUT -s 10.1.0.0/24 -j NETMAP --to 10.1.0.64/26',
      '-A OUTPUT -d 10.2.0.0/24 -j NETMAP --to 10.2.0.64/26',
      '-A PREROUTING -d 198.51.100.7 -j both',
      '-A POSTROUTING -s 192.0.2.7 -j both',
      '-A both -j NETMAP --to 10.2.0.128/25',
    ],
    [
      { protocol: 'udp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } },
      { protocol: 'tcp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } },
      {
        protocol: 'udp',
        at: 'host',
        from: own(1024),
        to: right(80),
        answer: { at: 'right', from: { ip: '10.2.0.66', port: 80 }, to: own(1024) },
      },
      forwarded('udp', {
        from: { ip: '192.0.2.7', port: 5 },
        to: { ip: '198.51.100.7', port: 6 },
        source: { ip: '10.2.0.135', port: 5 },
        destination: { ip: '10.2.0.135', port: 6 },
      }),
    ],
    ['src=10.1.0.1 dst=10.1.0.66', 'src=10.2.0.66 dst=10.2.0.1'],
  ),
  ...['10.0.0.0/8', '0.0.0.0/0'].map((network) =>
    natCase(
      `NETMAP to the address that is there already, of ${network}`,
      [
        `-A PREROUTING -p udp -j NETMAP --to ${network}`,
        `-A POSTROUTING -p tcp -j NETMAP --to ${network}`,
        `-A INPUT -p udp -j NETMAP --to ${network}`,
        `-A OUTPUT -p udp -j NETMAP --to ${network}`,
      ],
      asTheyAre,
      ['src=10.1.0.1 dst=10.1.0.2'],
    ),
  ),
];
