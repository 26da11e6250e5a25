import { type PacketCase, table } from './case.ts';
import { edges, setTtl } from './checksum-edges.ts';
import { inChains, oddOnes } from './in-chains.ts';
import { type Sent, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes } from './probes.ts';
import { tcp, udp } from './transport.ts';

const bytes = Array.from({ length: 256 }, (_, value) => value);
const lifetimes: readonly Sent[] = [
  ...bytes.map((ttl) => sent('left', udp({ data: ttl % 5 }), { ttl })),
  ...[0, 1, 2, 63, 64, 128, 255].flatMap((ttl) => everyWay([tcp(), udp()], { ttl, options: [1, 1, 1, 0] })),
  ...oddOnes,
];

export const ttlCases: readonly PacketCase[] = [
  ...['set 1', 'set 64', 'set 0', 'set 255', 'inc 1', 'inc 200', 'dec 1', 'dec 100', 'dec 255'].flatMap((change) => [
    { ...inChains(`TTL --ttl-${change}`, ['PREROUTING', 'OUTPUT'], lifetimes) },
    {
      ...inChains(`TTL --ttl-${change}`, ['POSTROUTING', 'INPUT'], lifetimes),
      title: `TTL --ttl-${change} at the end`,
    },
  ]),
  {
    title: 'TTL --ttl-set: a checksum of 0',
    steps: [
      { restore: table('mangle', ['-A POSTROUTING -j TTL --ttl-set 77']) },
      { send: [...edges(setTtl(77)), ...edges(setTtl(77), { ttl: 78 }), ...edges(setTtl(77), { ttl: 77 })] },
      { restore: table('mangle', ['-A PREROUTING -j TTL --ttl-set 78', '-A PREROUTING -p udp -j TTL --ttl-set 79']) },
      { send: [...edges(setTtl(78)), ...edges(setTtl(77), { ttl: 78 })] },
    ],
  },
  {
    title: 'TTL among other tests',
    steps: [
      {
        restore: table('mangle', [
          ':user',
          '-A PREROUTING -p udp -m udp ! --dport 54 -j TTL --ttl-set 33',
          '-A PREROUTING -p tcp -m multiport ! --dports 80,443 -m limit --limit 1/day --limit-burst 1 -j TTL --ttl-set 9',
          '-A FORWARD -j user',
          '-A user -p tcp -j TTL --ttl-set 12',
          '-A user -s 10.1.0.2 -p icmp -j TTL --ttl-set 13',
          '-A user -p udp -j RETURN',
          '-A user -j MARK --set-mark 3',
          '-A POSTROUTING -m mark --mark 3',
        ]),
      },
      { send: [...everyWay([...mixedProbes, ...tcpProbes]), ...oddOnes] },
    ],
  },
];
