import { type MatchCase, matching } from './matching.ts';
import { inEveryShape } from './octets.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import { address, sent } from './packet.ts';
import { everyWay, tcpProbes } from './probes.ts';
import { tcp, udp } from './transport.ts';

export const ttlPackets = [0, 1, 2, 63, 64, 65, 128, 254, 255].flatMap((ttl, data) => [
  sent('left', udp({ data }), { ttl }),
  sent('left', tcp({ data }), { ttl, destination: address.hostLeft }),
  sent('left', udp({ data }), { ttl, fragmentOffset: 3 }),
  sent('host', udp({ data }), { ttl, source: address.hostRight }),
]);
const ttl = [
  ...['--ttl-eq 64', '! --ttl-eq 64', '--ttl-lt 64', '--ttl-gt 64', '--ttl-gt 253', '--ttl-lt 63'].map((one) =>
    matching(`-m ttl ${one}`, ttlPackets),
  ),
  ...['--ttl-eq 0', '--ttl-lt 0', '--ttl-gt 255'].map((one) => matching(`-m ttl ${one}`, ttlPackets, 'none')),
  ...['! --ttl-eq 0', '--ttl-gt 0'].map((one) => matching(`-m ttl ${one}`, ttlPackets, 'all')),
  matching('-p udp -m limit --limit 1/hour --limit-burst 3 -m ttl ! --ttl-eq 64', ttlPackets),
  matching('-p udp -m ttl ! --ttl-eq 64 -m ttl ! --ttl-eq 128', ttlPackets),
];

const service = [0, 0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x1f, 0x3f, 0x40, 0xb8, 0xbb, 0xfc, 0xff];
export const servicePackets = service.flatMap((tos, data) => [
  ...everyWay([udp({ data }), tcp({ data, flags: tos })], { tos }),
  sent('left', tcp({ data: 30, flags: tos }), { tos, fragmentOffset: 4, id: data }),
]);
const tos = [
  ...['0x10', '0xff', '0x00', '0x08/0x3f', '0x10/0x1e', '0x03/0x03', 'Minimize-Delay', '0xfc/0xfd'].flatMap((one) => [
    matching(`-m tos --tos ${one}`, servicePackets),
    matching(`-m tos ! --tos ${one}`, servicePackets),
  ]),
  matching('-m tos --tos 0/0', servicePackets, 'all'),
  matching('-m tos ! --tos 0/0', servicePackets, 'none'),
  matching('-m tos --tos 0x10/0x0f', servicePackets, 'none'),
  matching('-m tos ! --tos 0x10/0x0f', servicePackets, 'all'),
  matching('-m tos --tos 0x10 -m length --length 0:60', servicePackets),
];
const dscp = ['0', '0x2e', '0x3f', '1'].flatMap((one) => [
  matching(`-m dscp --dscp ${one}`, servicePackets),
  matching(`-m dscp ! --dscp ${one}`, servicePackets),
]);

const ecnPackets = [
  ...servicePackets,
  ...inEveryShape(tcpProbes.slice(0, 14), 20),
  ...truncated,
  ...fragments,
  ...pieces,
];
const ecn = [
  ...['0', '1', '2', '3'].flatMap((one) => [
    matching(`-m ecn --ecn-ip-ect ${one}`, ecnPackets),
    matching(`-m ecn ! --ecn-ip-ect ${one}`, ecnPackets),
  ]),
  ...[
    '--ecn-tcp-ece',
    '! --ecn-tcp-ece',
    '--ecn-tcp-cwr',
    '! --ecn-tcp-cwr',
    '--ecn-tcp-ece --ecn-tcp-cwr',
    '! --ecn-tcp-ece ! --ecn-tcp-cwr',
    '--ecn-tcp-ece ! --ecn-tcp-cwr --ecn-ip-ect 0',
    '! --ecn-tcp-ece ! --ecn-ip-ect 2',
  ].map((one) => matching(`-p tcp -m ecn ${one}`, ecnPackets)),
  matching('-p tcp -m limit --limit 1/hour --limit-burst 4 -m ecn ! --ecn-tcp-ece', ecnPackets),
];

export const lengthPackets = [
  ...[0, 1, 2, 32, 72, 73, 500, 1400].flatMap((data) => everyWay([udp({ data }), tcp({ data })])),
  ...odd,
  ...fragments,
];
const length = [
  ...['28', '100', '0:60', '61:', '100:101', '29:1428'].flatMap((one) => [
    matching(`-m length --length ${one}`, lengthPackets),
    matching(`-m length ! --length ${one}`, lengthPackets),
  ]),
  matching('-m length --length 0:65535', lengthPackets, 'all'),
  matching('-m length ! --length 0:65535', lengthPackets, 'none'),
  matching('-m length --length 0', lengthPackets, 'none'),
  matching('-m length ! --length 0', lengthPackets, 'all'),
  matching('-m length --length 9:8', lengthPackets, 'none'),
  matching('-m length ! --length 9:8', lengthPackets, 'all'),
];

const sources = [
  '10.1.0.1',
  '10.1.0.2',
  '10.1.0.9',
  '10.1.0.10',
  '10.1.1.0',
  '192.0.2.1',
  '0.0.0.5',
  '223.255.255.255',
];
export const rangePackets = sources.flatMap((source, data) =>
  ['10.2.0.2', '10.2.0.9', '198.51.100.1', address.hostLeft].map((destination) =>
    sent('left', udp({ data }), { source, destination }),
  ),
);
const iprange = [
  ...[
    '--src-range 10.1.0.2-10.1.0.9',
    '! --src-range 10.1.0.2-10.1.0.9',
    '--src-range 10.1.0.2',
    '! --src-range 10.1.0.2',
    '--dst-range 10.2.0.3-198.51.100.1',
    '! --dst-range 10.2.0.9-10.2.0.9',
    '--src-range 0.0.0.0-10.1.0.9 ! --dst-range 10.2.0.2-10.2.0.2',
    '! --src-range 10.1.0.2-10.1.0.9 --dst-range 10.2.0.0-10.2.255.255',
    '! --src-range 128.0.0.0-255.255.255.255',
  ].map((one) => matching(`-m iprange ${one}`, rangePackets)),
  matching('-m iprange --src-range 0.0.0.0-255.255.255.255', rangePackets, 'all'),
  matching('-m iprange ! --src-range 0.0.0.0-255.255.255.255', rangePackets, 'none'),
  matching('-m iprange --src-range 10.1.0.9-10.1.0.1', rangePackets, 'none'),
  matching('-m iprange ! --src-range 10.1.0.9-10.1.0.1', rangePackets, 'all'),
];

export const ipFieldCases: Readonly<Record<string, readonly MatchCase[]>> = { ttl, tos, dscp, ecn, length, iprange };
