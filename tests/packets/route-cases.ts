import { addressTypes } from '../../rules/matches/addrtype.ts';
import { type PacketCase, table } from './case.ts';
import { fragments } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { tcp, udp } from './transport.ts';

/** Routes of every type, and a realm. They stand before the first case that needs them, and go after it. */
const routes = [
  'ip route add 203.0.113.0/25 dev right realm 3/7',
  'ip route add 203.0.113.128/26 dev right realm 1',
  'ip route add broadcast 203.0.114.0/24 dev left',
  'ip route add blackhole 203.0.115.0/24',
  'ip route add unreachable 203.0.115.0/25',
  'ip route add prohibit 203.0.115.64/26',
  'ip route add table local anycast 203.0.116.1 dev left',
  'ip route add table local local 203.0.116.2 dev right',
  'ip route add table local blackhole 203.0.116.3',
  'ip route add table local multicast 203.0.116.4 dev right',
  'ip route add throw 203.0.117.0/24',
  'ip route add nat 203.0.118.0/24 via 10.2.0.2 2>/dev/null || true',
  'ip route add 192.0.2.64/26 dev right table 77',
  'ip rule add ipproto udp to 192.0.2.64/26 lookup 77 pref 50',
  'ip rule add fwmark 5 lookup 78 pref 60',
  'ip route add 192.0.2.128/26 dev right table 78',
].join('; ');
const noRoutes = [
  'ip rule del pref 50; ip rule del pref 60; ip route flush table 77; ip route flush table 78',
  'for net in 203.0.113.0/25 203.0.113.128/26; do ip route del $net; done',
  'ip route del broadcast 203.0.114.0/24; ip route del blackhole 203.0.115.0/24',
  'ip route del unreachable 203.0.115.0/25; ip route del prohibit 203.0.115.64/26; ip route del throw 203.0.117.0/24',
  'ip route del table local anycast 203.0.116.1 dev left; ip route del table local local 203.0.116.2 dev right',
  'ip route del table local blackhole 203.0.116.3; ip route del table local multicast 203.0.116.4 dev right',
].join('; ');

function routed<One extends PacketCase>(one: One): One {
  return { ...one, steps: [{ run: routes }, ...one.steps], cleanup: noRoutes };
}

const routedAddresses = [
  '10.1.0.2',
  '10.1.0.1',
  '10.1.0.255',
  '10.1.0.0',
  '10.2.0.1',
  '10.2.0.9',
  '127.0.0.1',
  '0.0.0.0',
  '0.0.0.9',
  '192.0.2.70',
  '192.0.2.130',
  '203.0.113.1',
  '203.0.113.130',
  '203.0.114.1',
  '203.0.115.1',
  '203.0.115.65',
  '203.0.115.130',
  '203.0.116.1',
  '203.0.116.2',
  '203.0.116.3',
  '203.0.116.4',
  '203.0.117.1',
  '203.0.118.1',
  '224.0.0.5',
  '239.1.2.3',
  '240.0.0.1',
  '255.255.255.255',
  '9.9.9.9',
];
export const routedPackets: readonly Sent[] = [
  ...routedAddresses.flatMap((one, data) => [
    sent('left', udp({ data }), { source: one }),
    sent('right', tcp({ data }), { source: one, destination: address.left }),
    sent('left', udp({ data: data + 1 }), { destination: one }),
    sent('left', udp({ data }), { source: '0.0.0.0', destination: one }),
    sent('host', udp({ data }), { source: address.hostRight, destination: one }),
  ]),
  ...fragments,
];

/** Destinations without a way to them: how often the stack complains hangs on time. */
const unreachable = ['203.0.114.0/23', '203.0.116.0/23', '203.0.118.0/24', '240.0.0.0/4', '0.0.0.0/8', '9.0.0.0/8'].map(
  (net) => `-A PREROUTING -d ${net} -j DROP`,
);

/** Tests in chosen chains of a table: counted, and dropped in the first of them. */
function counted(
  name: 'raw' | 'mangle',
  chains: readonly string[],
  tests: string,
  packets: readonly Sent[],
): PacketCase {
  const rules = chains.map((chain, at) => `-A ${chain} ${tests}${at === 0 ? ' -j DROP' : ''}`);
  return {
    title: `${name}: ${tests}`,
    steps: [{ restore: table(name, [...rules, ...unreachable]) }, { send: packets }],
  };
}

const everywhere = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'].reverse();
const addrtype: readonly PacketCase[] = [
  ...[...addressTypes, 'LOCAL,BROADCAST', 'UNICAST,LOCAL,MULTICAST', 'THROW,NAT', addressTypes.join()].flatMap(
    (kind) => [
      counted('mangle', everywhere, `-m addrtype --src-type ${kind}`, routedPackets),
      counted('mangle', everywhere, `-m addrtype ! --dst-type ${kind}`, routedPackets),
    ],
  ),
  counted('mangle', everywhere, '-m addrtype ! --src-type LOCAL,BROADCAST --dst-type LOCAL', routedPackets),
  ...[
    '--src-type LOCAL',
    '! --src-type LOCAL',
    '--dst-type LOCAL',
    '! --src-type BROADCAST --dst-type UNICAST',
  ].flatMap((one) => [
    counted('mangle', ['FORWARD', 'INPUT', 'PREROUTING'], `-m addrtype ${one} --limit-iface-in`, routedPackets),
    counted('mangle', ['POSTROUTING', 'OUTPUT', 'FORWARD'], `-m addrtype ${one} --limit-iface-out`, routedPackets),
  ]),
].map(routed);

const realm: readonly PacketCase[] = [
  '1',
  '! 1',
  '0',
  '! 0',
  '0x30007',
  '3/0xff',
  '! 0x30000/0xffff0000',
  '7/0xffff',
  '0/0',
  '! 0/0',
  '1/2',
  '! 1/2',
].map((one) => {
  const tests = `-m realm ${one.startsWith('!') ? '! ' : ''}--realm ${one.replace('! ', '')}`;
  return routed(counted('mangle', ['POSTROUTING', 'OUTPUT', 'INPUT', 'FORWARD'], tests, routedPackets));
});

const rpfilterOptions = [
  '',
  '--loose',
  '--accept-local',
  '--loose --accept-local',
  '--validmark',
  '--validmark --loose',
];
const rpfilter: readonly PacketCase[] = rpfilterOptions
  .flatMap((one) => [one, `${one} --invert`])
  .flatMap((one) => {
    const tests = `-m rpfilter ${one}`.trim();
    const rules = ['-A PREROUTING -s 192.0.2.128/26 -j MARK --set-mark 5', `-A PREROUTING ${tests}`, ...unreachable];
    return [
      counted('raw', ['PREROUTING'], tests, routedPackets),
      {
        title: `mangle: ${tests}`,
        steps: [{ restore: table('mangle', rules) + table('filter', []) }, { send: routedPackets }],
      },
    ];
  })
  .map(routed);

export const routeCases: Readonly<Record<string, readonly PacketCase[]>> = { addrtype, realm, rpfilter };
