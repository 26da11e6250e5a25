import { type PacketCase, table } from './case.ts';
import { address, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, through, udpProbes } from './probes.ts';
import { icmp, udp } from './transport.ts';

const fromEverywhere = [
  ...everyWay([...tcpProbes.slice(0, 6), ...udpProbes.slice(0, 4), icmp()]),
  sent('right', udp(), { source: address.right, destination: address.left }),
];
const operations = [
  '--set-mark 0x1',
  '--set-mark 0x10/0xf0',
  '--set-xmark 0x3/0x1',
  '--and-mark 0xfffffff1',
  '--or-mark 0x80000001',
  '--xor-mark 0x5',
  '--set-mark 0',
  '--set-xmark 0xffffffff/0',
];
const tests = [
  '--mark 0x1',
  '! --mark 0x1',
  '--mark 0x0',
  '--mark 0x1/0x1',
  '! --mark 0x10/0xf0',
  '--mark 0x80000000/0x80000000',
  '--mark 0x5/0x4',
  '--mark 0xffffffff',
  '! --mark 0/0xff',
];
export const markCases: readonly PacketCase[] = [
  ...operations.map((operation) => ({
    title: `MARK ${operation}`,
    steps: [
      {
        restore: [
          table('mangle', [
            '-A PREROUTING -p tcp -j MARK --set-mark 0x33',
            `-A PREROUTING ! -p icmp -j MARK ${operation}`,
            ...tests.map((test) => `-A FORWARD -m mark ${test}`),
            ...['-A OUTPUT -p udp', '-A POSTROUTING'].map((place) => `${place} -j MARK ${operation}`),
            ...tests.map((test) => `-A POSTROUTING -m mark ${test}`),
          ]),
          table('filter', [
            ...['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => tests.map((test) => `-A ${chain} -m mark ${test}`)),
            '-A FORWARD -m mark --mark 0x1/0x1 -j DROP',
            '-A INPUT -m mark ! --mark 0 -j DROP',
          ]),
        ].join(''),
      },
      { send: fromEverywhere },
    ],
  })),
  {
    title: 'a mark before, in and behind a rule that looks at it',
    steps: [
      {
        restore: table('mangle', [
          ':user',
          '-A PREROUTING -m mark --mark 0 -j MARK --set-mark 1',
          '-A PREROUTING -m mark --mark 1 -j MARK --or-mark 2',
          '-A PREROUTING -m mark ! --mark 1 -j user',
          '-A user -m mark --mark 3 -j MARK --xor-mark 1',
          '-A user -m mark --mark 2 -j RETURN',
          '-A user -j DROP',
        ]),
      },
      { send: fromEverywhere },
    ],
  },
  {
    title: 'a mark decides the route',
    steps: [
      {
        run: 'ip rule add fwmark 7 lookup 100; ip route add default dev left table 100; ip route add default dev right',
      },
      {
        restore:
          table('mangle', [
            '-A OUTPUT -p tcp -j MARK --set-mark 7',
            '-A PREROUTING -p udp -j MARK --set-mark 7',
            '-A OUTPUT -p icmp -j MARK --set-mark 8',
            '-A POSTROUTING -o left',
            '-A POSTROUTING -o right',
          ]) + table('filter', ['-A OUTPUT -o left', '-A OUTPUT -o right', '-A FORWARD -i left -o left']),
      },
      { send: [...everyWay(mixedProbes), ...through(mixedProbes, { destination: '203.0.113.5' })] },
      {
        send: mixedProbes.map((probe) =>
          sent('host', probe, { source: address.hostRight, destination: '203.0.113.5' }),
        ),
      },
    ],
    cleanup: 'ip rule del fwmark 7; ip route flush table 100; ip route del default',
  },
];
