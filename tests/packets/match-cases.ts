import { helperCases } from './helper-cases.ts';
import { type MatchCase, matching } from './matching.ts';
import { address, type Sent, sent } from './packet.ts';
import { everyWay, icmpProbes, mixedProbes, tcpProbes, through, udpProbes } from './probes.ts';
import { icmp, tcp, udp } from './transport.ts';

const sources = ['10.1.0.2', '10.1.0.3', '10.1.1.2', '192.0.2.1', '192.0.2.130', '198.51.100.7', '172.16.0.2'];
const destinations = ['10.2.0.2', '10.2.0.3', '198.51.100.1', '198.51.100.200', '10.1.0.9'];

/** From and to many addresses, both ways, and to the host. */
const addressPackets: readonly Sent[] = sources.flatMap((source, at) => [
  ...destinations.map((destination, data) => sent('left', udp({ data: data + at }), { source, destination })),
  sent('right', tcp({ data: at }), { source, destination: '192.0.2.9' }),
  sent('left', icmp(), { source, destination: address.hostLeft }),
  sent('right', udp({ data: at }), { source, destination: '198.51.100.9' }),
  sent('right', icmp(), { source, destination: address.hostRight }),
]);
const fromHost: readonly Sent[] = [
  sent('host', udp(), { source: address.hostLeft }),
  sent('host', udp(), { source: address.hostRight, destination: address.left }),
  sent('host', icmp(), { source: '127.0.0.1', destination: '127.0.0.1' }),
];
const addressed = [...addressPackets, ...fromHost];

const header: readonly MatchCase[] = [
  ...['10.1.0.2', '10.1.0.0/24', '10.0.0.0/7', '128.0.0.0/1', '10.0.0.2/255.0.0.255', '0.0.0.1/0.0.0.1'].flatMap(
    (one) => [matching(`-s ${one}`, addressed), matching(`! -s ${one}`, addressed)],
  ),
  ...['10.2.0.2', '198.51.100.128/25', '10.2.0.2/31', '0.51.0.0/0.255.0.0'].flatMap((one) => [
    matching(`-d ${one}`, addressed),
    matching(`! -d ${one}`, addressed),
  ]),
  matching('-s 0.0.0.0/0', addressed, 'all'),
  matching('! -s 0.0.0.0/0', addressed, 'none'),
  matching('! -s 10.1.0.0/24 ! -d 10.2.0.2', addressed),
  matching('-s 10.1.0.0/24 ! -d 10.2.0.0/24 -p udp', addressed),
  ...['tcp', 'udp', 'icmp', '47', '255'].flatMap((one) => [
    matching(`-p ${one}`, everyWay(mixedProbes)),
    matching(`! -p ${one}`, everyWay(mixedProbes)),
  ]),
  matching('-p all', everyWay(mixedProbes), 'all'),
];

/** Interfaces stand in one chain each: iptables refuses -o in INPUT. */
function interfaces(tests: string): MatchCase {
  const [whole, inTests, outTests] = [tests, tests.replace(/(! )?-o \S+/g, ''), tests.replace(/(! )?-i \S+/g, '')];
  const rules = [`-A FORWARD ${whole} -j DROP`, `-A INPUT ${inTests} -j DROP`, `-A OUTPUT ${outTests}`];
  const restore = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...rules,
    'COMMIT',
    '',
  ];
  return { title: tests, takes: 'some', steps: [{ restore: restore.join('\n') }, { send: addressed }] };
}

const interfaceCases: readonly MatchCase[] = [
  ...['-i left', '! -i left', '-o left', '! -o left', '-i lef+', '! -i r+', '-o righ+'].map(interfaces),
  ...['-i left -o right', '! -i left ! -o left', '-i l+ ! -o l+'].map(interfaces),
  { ...interfaces('-i +'), takes: 'all' },
  { ...interfaces('-i leftover'), takes: 'none' },
  { ...interfaces('! -i leftover'), takes: 'all' },
  { ...interfaces('-i lefts+'), takes: 'none' },
];

const tcpTests = [
  '--dport 80',
  '! --dport 80',
  '--sport 1024',
  '! --sport 1024',
  '--dport 80:443',
  '! --dport 80:443',
  '--dport :80',
  '--dport 1024:',
  '! --dport 1024:',
  '--sport 22 --dport 22',
  '! --sport 1024 ! --dport 80',
  '! --sport 22:79 --dport 1:65535',
  '--dport 0',
  '--dport 65535',
  '--syn',
  '! --syn',
  '--tcp-flags ALL NONE',
  '--tcp-flags ALL ALL',
  '! --tcp-flags ALL SYN',
  '--tcp-flags SYN,ACK SYN,ACK',
  '--tcp-flags FIN,RST FIN',
  '! --tcp-flags SYN,RST,ACK,FIN SYN',
  '--tcp-flags ACK,URG,PSH ACK,PSH',
  '--tcp-option 2',
  '! --tcp-option 2',
  '--tcp-option 8',
  '! --tcp-option 8',
  '--tcp-option 4',
  '--tcp-option 3 --dport 443',
  '--tcp-option 8 --syn ! --dport 443',
];
const tcpCases = [
  ...tcpTests.map((one) => matching(`-p tcp -m tcp ${one}`, everyWay([...tcpProbes, udp({ dport: 80 })]))),
  matching('-p tcp -m tcp --dport :', everyWay(tcpProbes), 'all'),
  matching('-p tcp -m tcp ! --dport :65535', everyWay(tcpProbes), 'none'),
  matching('-p tcp -m tcp --tcp-option 77', everyWay(tcpProbes), 'none'),
];

const udpCases = [
  '--dport 53',
  '! --dport 53',
  '--sport 53',
  '! --sport 53 ! --dport 53',
  '--sport 1024 --dport 50:60',
  '--dport 54:',
  '! --dport :53',
].map((one) => matching(`-p udp -m udp ${one}`, everyWay(udpProbes)));

const icmpCases = [
  '8',
  '! 8',
  '3',
  '! 3',
  '3/1',
  '! 3/1',
  '3/255',
  '11/1',
  '255/255',
  '0',
  '! 42/7',
  'echo-request',
  'any',
].map((one) => {
  const [not, type] = one.startsWith('! ') ? ['! ', one.slice(2)] : ['', one];
  return matching(`-p icmp -m icmp ${not}--icmp-type ${type}`, everyWay([...icmpProbes, udp()]));
});

const multiportTests = [
  '--dports 80,443',
  '! --dports 80,443',
  '--sports 22,80',
  '! --sports 22,80',
  '--ports 80,22',
  '! --ports 80,22',
  '--dports 79:81,443',
  '--ports 1:22,443:1023',
  '! --ports 1:22,443:1023',
  '--dports 0,65535',
  '--dports 1,22,79,80,81,443,1023,2000,3,4,5,6,7,8,9',
  '! --dports 80:81',
];
const multiportCases = [
  ...multiportTests.map((one) => matching(`-p tcp -m multiport ${one}`, everyWay([...tcpProbes, udp({ dport: 80 })]))),
  ...['--dports 53,80', '! --ports 53,54'].map((one) => matching(`-p udp -m multiport ${one}`, everyWay(udpProbes))),
  matching('-p tcp -m multiport --ports 0:65535', everyWay(tcpProbes), 'all'),
  matching('-p tcp -m multiport ! --ports 0:65535', everyWay(tcpProbes), 'none'),
  matching('-p tcp -m tcp --syn -m multiport ! --dports 80,443 -m multiport ! --sports 0:22', everyWay(tcpProbes)),
];

/** Matches on nothing in the packet's bytes. */
const plainCases: readonly MatchCase[] = [
  matching('-p udp -m comment --comment "of no consequence"', everyWay(mixedProbes)),
  matching('-m limit --limit 1/hour --limit-burst 3', through(tcpProbes)),
  matching('-p tcp -m limit --limit 3/day --limit-burst 1', through(mixedProbes)),
  matching('-p tcp -m limit --limit 1/hour --limit-burst 2 -m tcp --dport 80', through(tcpProbes)),
  matching('-p tcp -m tcp --dport 80 -m limit --limit 1/hour --limit-burst 2', through(tcpProbes)),
];

export const matchCases: Readonly<Record<string, readonly MatchCase[]>> = {
  header: [...header, ...interfaceCases],
  tcp: tcpCases,
  udp: udpCases,
  icmp: icmpCases,
  multiport: multiportCases,
  helper: helperCases,
  'comment and limit': plainCases,
};
