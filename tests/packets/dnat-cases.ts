import { eachKind, forwarded, left, type NatCase, natCase, other, right } from './nat-case.ts';
import { address } from './packet.ts';

const plainCases: readonly NatCase[] = [
  natCase(
    'DNAT to an address',
    ['-A PREROUTING -i left -j DNAT --to-destination 10.2.0.9'],
    eachKind({ destination: other }),
    ['src=10.2.0.9 dst=10.1.0.2 sport=80 dport=1024', 'src=10.2.0.9 dst=10.1.0.2 type=0'],
  ),
  natCase(
    'DNAT to a port',
    [
      '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9:8080',
      '-A PREROUTING -p udp -j DNAT --to-destination :5353',
      '-A PREROUTING -p icmp -j DNAT --to-destination 10.2.0.9:77',
      '-A PREROUTING',
    ],
    [
      forwarded('tcp', { destination: other(8080) }),
      forwarded('tcp', { from: left(1025), to: right(81) }),
      forwarded('udp', { to: right(53), destination: right(5353) }),
      forwarded('icmp', { destination: other(77) }),
    ],
    ['src=10.2.0.9 dst=10.1.0.2 sport=8080 dport=1024', 'sport=5353 dport=1024', 'sport=81 dport=1025'],
  ),
  natCase(
    'DNAT to ranges',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.8-10.2.0.15:2000-2010',
      '-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.8-10.2.0.15 --persistent',
    ],
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((host) => [
      { protocol: 'tcp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 }, to: right(80) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 }, to: right(53) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1026 }, to: right(54) } as const,
    ]),
    ['sport=2000 dport=1024', 'dst=10.1.0.21 sport=53'],
  ),
  natCase(
    'DNAT to one port at random, ports in a range are kept',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.9:8080 --random --persistent',
      '-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:50-60',
    ],
    [
      forwarded('tcp', { destination: other(8080) }),
      forwarded('udp', { to: right(53), destination: other(53) }),
      forwarded('udp', { from: left(9), to: right(99), destination: other(50) }),
    ],
    ['src=10.2.0.9 dst=10.1.0.2 sport=8080', 'sport=53 dport=1024', 'sport=50 dport=9'],
  ),
  natCase(
    'DNAT in OUTPUT',
    ['-A OUTPUT -d 10.2.0.2 -j DNAT --to-destination 10.2.0.9', '-A OUTPUT -p udp -j DNAT --to-destination :99'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'host',
      from: { ip: address.hostRight, port: 1024 },
      to: right(80),
      answer: {
        at: 'right',
        from: other(protocol === 'icmp' ? 1024 : 80),
        to: { ip: address.hostRight, port: 1024 },
      },
    })),
    ['src=10.2.0.9 dst=10.2.0.1 sport=80 dport=1024'],
  ),
  natCase(
    'DNAT to the host itself',
    ['-A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.1.0.1'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'left',
      from: left(1024),
      to: right(80),
    })),
    ['src=10.1.0.1 dst=10.1.0.2'],
  ),
  natCase(
    'the first DNAT, ACCEPT or RETURN decides',
    [
      ':user',
      ':other',
      '-A PREROUTING -p icmp -j ACCEPT',
      '-A PREROUTING -p tcp -j user',
      '-A PREROUTING -p udp -g other',
      '-A PREROUTING -j DNAT --to-destination 10.2.0.13',
      '-A user -p tcp -m tcp --dport 81 -j RETURN',
      '-A user -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9',
      '-A user -j ACCEPT',
      '-A other -p udp -m udp --dport 53 -j RETURN',
      '-A other -j DNAT --to-destination 10.2.0.9',
    ],
    [
      forwarded('icmp'),
      forwarded('tcp', { destination: other(80) }),
      forwarded('tcp', { from: left(1025), to: right(81), destination: { ip: '10.2.0.13', port: 81 } }),
      forwarded('tcp', { from: left(1026), to: right(82) }),
      forwarded('udp', { to: right(53) }),
      forwarded('udp', { to: right(54), destination: other(54) }),
    ],
    ['src=10.2.0.13 dst=10.1.0.2 sport=81', 'src=10.2.0.9 dst=10.1.0.2 sport=54', 'src=10.2.0.2 dst=10.1.0.2 sport=53'],
  ),
  natCase(
    'DNAT with a limit before it',
    ['-A PREROUTING -p tcp -m limit --limit 1/hour --limit-burst 1 -j DNAT --to-destination 10.2.0.9:8080'],
    [forwarded('tcp', { destination: other(8080) }), forwarded('tcp', { from: left(1025) })],
    ['sport=8080 dport=1024', 'sport=80 dport=1025'],
  ),
];

/** Local packets are routed anew behind OUTPUT. */
const rerouteCases: readonly NatCase[] = [
  natCase(
    'DNAT in OUTPUT to the other side, and home',
    [
      '-A OUTPUT -p tcp -j DNAT --to-destination 10.1.0.2',
      '-A OUTPUT -p udp -j DNAT --to-destination 127.0.0.1:9',
      '-A POSTROUTING -o left -j MASQUERADE',
      '-A INPUT -p udp -j SNAT --to-source 127.0.0.9',
    ],
    [
      {
        protocol: 'tcp',
        at: 'host',
        from: { ip: address.hostRight, port: 1024 },
        to: right(80),
        answer: { at: 'left', from: { ip: address.left, port: 80 }, to: { ip: address.hostLeft, port: 1024 } },
      },
      { protocol: 'udp', at: 'host', from: { ip: address.hostRight, port: 1024 }, to: right(80) },
    ],
    ['src=10.1.0.2 dst=10.1.0.1 sport=80 dport=1024', 'src=127.0.0.1 dst=10.2.0.1 sport=9 dport=1024'],
  ),
];

const shiftCases: readonly NatCase[] = [
  natCase(
    'DNAT shifts ports',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.9:1000-1010/2000',
      '-A PREROUTING -p udp -j DNAT --to-destination :500-600/50',
    ],
    [
      forwarded('tcp', { to: right(2003), destination: other(1003) }),
      forwarded('tcp', { from: left(1025), to: right(2010), destination: other(1010) }),
      forwarded('udp', { to: right(53), destination: right(503) }),
    ],
    ['sport=1003 dport=1024', 'sport=1010 dport=1025', 'sport=503 dport=1024'],
  ),
];

export const dnatCases: readonly NatCase[] = [...plainCases, ...rerouteCases, ...shiftCases];
