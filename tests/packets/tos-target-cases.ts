import { type PacketCase, table } from './case.ts';
import { edges, setTos } from './checksum-edges.ts';
import { inChains, oddOnes } from './in-chains.ts';
import { type Sent, sent } from './packet.ts';
import { everyWay, tcpProbes, through } from './probes.ts';
import { tcp, udp } from './transport.ts';

const bytes = Array.from({ length: 256 }, (_, value) => value);
/** Forwarded with each of these in the TOS byte; some reach the host, some come from it. */
export const services: readonly Sent[] = [
  ...bytes.map((tos) => sent('left', udp({ data: tos % 5 }), { tos })),
  ...[0, 1, 2, 3, 0x10, 0xb8, 0xfc, 0xff].flatMap((tos) => everyWay([tcp(), udp()], { tos, options: [1, 1, 1, 0] })),
  ...oddOnes,
];
const tosChanges = [
  '--set-tos Minimize-Delay',
  '--set-tos Normal-Service',
  '--set-tos 0x2e',
  '--set-tos 0xff',
  '--set-tos 0x05/0x0f',
  '--set-tos 0x50/0x3f',
  '--set-tos 0x08/0x1c',
  '--set-tos 0x01/0x01',
  '--and-tos 0xfc',
  '--and-tos 0x1f',
  '--and-tos 0',
  '--or-tos 0x10',
  '--or-tos 0xfd',
  '--xor-tos 0x03',
  '--xor-tos 0x80',
  '--xor-tos 0',
];
export const tosCases: readonly PacketCase[] = [
  ...[
    ...tosChanges.map((change) => `TOS ${change}`),
    ...['0', '63', '0x2e'].map((value) => `DSCP --set-dscp ${value}`),
    ...['0', '1', '2', '3'].map((value) => `ECN --ecn-ip-ect ${value}`),
  ].map((target) => inChains(target, ['PREROUTING', 'OUTPUT', 'INPUT', 'FORWARD'], services)),
  {
    title: 'TOS, DSCP, ECN: a checksum of 0',
    steps: (
      [
        ['TOS --set-tos 0x2e', 0x2e, 0x2e],
        ['TOS --set-tos 0x10/0x3f', 0x50, 0x4f],
        ['DSCP --set-dscp 1', 0x04, 0xf8],
        ['ECN --ecn-ip-ect 1', 0x01, 0x03],
      ] as const
    ).flatMap(([target, after, before]) => [
      { restore: table('mangle', [`-A POSTROUTING -j ${target}`]) },
      { send: [...edges(setTos(after), { tos: before }), ...edges(setTos(after), { tos: after })] },
    ]),
  },
  {
    title: 'TOS in a chain of its own',
    steps: [
      {
        restore: table('mangle', [
          ':user',
          '-A FORWARD -j user',
          '-A user -m mark --mark 0/1 -j TOS --set-tos Maximize-Throughput',
          '-A user -p tcp -m tcp --dport 80:443 -j TOS --set-tos 0x02/0x3f',
          '-A user -p tcp -j RETURN',
          '-A FORWARD -p udp -j TOS --set-tos Minimize-Cost',
        ]),
      },
      { send: [...services, ...through(tcpProbes, { tos: 0xc1 })] },
    ],
  },
];
