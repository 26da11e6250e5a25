import { table } from './case.ts';
import { eachKind, forwarded, left, listing, type NatCase, natCase, own, right } from './nat-case.ts';
import { natFlow } from './nat-flows.ts';
import { address, sent } from './packet.ts';
import { icmp } from './transport.ts';

/** Takes every address off the devices, and the routes back. */
const withoutAddresses = [
  'ip address del 10.1.0.1/24 dev left; ip address del 10.2.0.1/24 dev right',
  'ip route add 10.1.0.0/24 dev left; ip route add 10.2.0.0/24 dev right',
].join('; ');
const withAddresses = [
  'ip route del 10.1.0.0/24 dev left; ip route del 10.2.0.0/24 dev right',
  'ip address add 10.1.0.1/24 dev left; ip address add 10.2.0.1/24 dev right',
].join('; ');

const masqueradeCases: readonly NatCase[] = [
  natCase('MASQUERADE', ['-A POSTROUTING -o right -j MASQUERADE'], eachKind({ source: own }), [
    'src=10.2.0.2 dst=10.2.0.1 sport=80 dport=1024',
  ]),
  natCase(
    'MASQUERADE --to-ports',
    [
      '-A POSTROUTING -p tcp -j MASQUERADE --to-ports 7777 --random',
      '-A POSTROUTING -p udp -j MASQUERADE --to-ports 1000-2000',
    ],
    [forwarded('tcp', { source: own(7777) }), forwarded('udp', { to: right(53), source: own(1024) })],
    ['sport=80 dport=7777', 'src=10.2.0.2 dst=10.2.0.1 sport=53 dport=1024'],
  ),
  {
    title: 'MASQUERADE and REDIRECT without an address drop',
    made: ['src=10.2.0.2 dst=10.1.0.2 sport=53'],
    steps: [
      {
        restore:
          table('nat', ['-A PREROUTING -p icmp -j REDIRECT', '-A POSTROUTING -p tcp -j MASQUERADE']) +
          table('filter', ['-A INPUT', '-A FORWARD']),
      },
      { run: withoutAddresses },
      { send: [...natFlow(forwarded('tcp')), ...natFlow(forwarded('udp', { to: right(53) })), sent('left', icmp())] },
      { run: listing },
    ],
    cleanup: withAddresses,
  },
];

const redirectCases: readonly NatCase[] = [
  natCase(
    'REDIRECT',
    ['-A PREROUTING -i left -d 10.2.0.2 -j REDIRECT'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({ protocol, at: 'left', from: left(1024), to: right(80) })),
    ['src=10.1.0.1 dst=10.1.0.2'],
  ),
  natCase(
    'REDIRECT --to-ports',
    [
      '-A PREROUTING -p tcp -j REDIRECT --to-ports 8080 --random',
      '-A PREROUTING -p udp -j REDIRECT --to-ports 2000-2010',
    ],
    (['tcp', 'udp'] as const).map((protocol) => ({ protocol, at: 'left', from: left(1024), to: right(80) })),
    ['src=10.1.0.1 dst=10.1.0.2 sport=2000 dport=1024'],
  ),
  natCase(
    'REDIRECT in OUTPUT',
    ['-A OUTPUT -p udp -j REDIRECT --to-ports 8080', '-A OUTPUT -j REDIRECT'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'host',
      from: { ip: address.hostRight, port: 1024 },
      to: right(80),
    })),
    ['src=127.0.0.1 dst=10.2.0.1 sport=8080 dport=1024'],
  ),
];

export const ownAddressCases: readonly NatCase[] = [...masqueradeCases, ...redirectCases];
