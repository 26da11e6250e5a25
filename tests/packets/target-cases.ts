import { type PacketCase, table } from './case.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { everyWay, icmpProbes, mixedProbes, tcpProbes, through, udpProbes } from './probes.ts';
import { icmp, tcp, udp } from './transport.ts';

function filter(
  title: string,
  rules: readonly string[],
  packets: readonly Sent[],
  dropping: readonly string[] = [],
): PacketCase {
  return { title, steps: [{ restore: table('filter', rules, dropping) }, { send: packets }] };
}

const some = everyWay(mixedProbes);

const verdicts: readonly PacketCase[] = [
  filter(
    'ACCEPT before DROP',
    ['-A FORWARD -p tcp -j ACCEPT', '-A FORWARD -j DROP', '-A INPUT -p icmp -j ACCEPT', '-A INPUT -j DROP'],
    some,
  ),
  filter('policies', [], some, ['INPUT', 'FORWARD']),
  filter('policy of OUTPUT', ['-A OUTPUT -p icmp -j ACCEPT'], some, ['OUTPUT']),
  filter(
    'RETURN from built-in chains',
    [
      '-A FORWARD -p tcp -j RETURN',
      '-A FORWARD -j DROP',
      '-A INPUT -p icmp -j RETURN',
      '-A INPUT',
      '-A OUTPUT -p udp -j RETURN',
      '-A OUTPUT',
    ],
    some,
    ['INPUT'],
  ),
  filter('no target', ['-A FORWARD -p tcp', '-A FORWARD', '-A INPUT -p icmp', '-A OUTPUT ! -p icmp'], some),
  filter(
    'jumps and the way back',
    [
      ':one',
      ':two',
      ':three',
      '-A FORWARD -p tcp -j one',
      '-A FORWARD -j two',
      '-A FORWARD',
      '-A one -p tcp -m tcp --dport 80 -j RETURN',
      '-A one -j two',
      '-A one',
      '-A two -p udp -j DROP',
      '-A two -j three',
      '-A two',
      '-A three -p icmp -j RETURN',
      '-A three',
      '-A INPUT -j three',
      '-A OUTPUT -j two',
    ],
    some,
  ),
  filter(
    'goto from built-in chains',
    [
      ':one',
      ':two',
      '-A FORWARD -p tcp -g one',
      '-A FORWARD',
      '-A INPUT -g two',
      '-A INPUT',
      '-A OUTPUT -p udp -g one',
      '-A OUTPUT',
      '-A one -p tcp -j two',
      '-A one',
      '-A two -p icmp -j ACCEPT',
      '-A two',
    ],
    some,
    ['INPUT', 'FORWARD'],
  ),
  filter(
    'goto from user chains comes back to the caller of the first',
    [
      ':one',
      ':two',
      ':three',
      '-A FORWARD -j one',
      '-A FORWARD',
      '-A one -p tcp -g two',
      '-A one -p udp -j two',
      '-A one',
      '-A two -g three',
      '-A two',
      '-A three -p tcp -m tcp --dport 80 -j RETURN',
      '-A three',
      '-A INPUT -g one',
      '-A INPUT',
      '-A OUTPUT -j one',
      '-A OUTPUT',
    ],
    some,
  ),
  filter(
    'chains deep in each other',
    [
      ...Array.from({ length: 12 }, (_, at) => `:deep${at}`),
      '-A FORWARD -j deep0',
      '-A FORWARD',
      ...Array.from({ length: 11 }, (_, at) => `-A deep${at} -p tcp -j deep${at + 1}`),
      ...Array.from({ length: 11 }, (_, at) => `-A deep${at} -s 10.1.0.${at % 3}`),
      '-A deep11 -p tcp -m tcp --dport 80 -j DROP',
      '-A deep11 -j RETURN',
    ],
    some,
  ),
  filter(
    'a chain nobody calls, an empty one, one behind DROP',
    [
      ':unused',
      ':empty',
      ':late',
      '-A unused -j DROP',
      '-A FORWARD -j empty',
      '-A FORWARD -p tcp -j DROP',
      '-A FORWARD -p tcp -j late',
      '-A late -j ACCEPT',
      '-A FORWARD -p udp -j late',
    ],
    some,
  ),
];

const rejected = [
  ...everyWay([...tcpProbes, ...udpProbes.slice(0, 3), ...icmpProbes.slice(0, 8)]),
  ...fragments,
  ...pieces,
  ...truncated.slice(0, 12),
  ...odd,
  sent('left', udp(), { source: '10.1.0.2', destination: '10.1.0.255' }),
  sent('left', udp(), { source: '0.0.0.0', destination: '255.255.255.255' }),
  sent('left', tcp({ checksumError: 1 })),
];
const kinds = [
  'icmp-net-unreachable',
  'icmp-host-unreachable',
  'icmp-proto-unreachable',
  'icmp-port-unreachable',
  'icmp-net-prohibited',
  'icmp-host-prohibited',
  'icmp-admin-prohibited',
];
const rejects: readonly PacketCase[] = [
  ...kinds.map((kind) =>
    filter(
      `REJECT ${kind}`,
      ['INPUT', 'FORWARD'].map((chain) => `-A ${chain} -j REJECT --reject-with ${kind}`),
      rejected,
    ),
  ),
  filter(
    "REJECT of the host's own",
    [
      '-A OUTPUT -p udp -j REJECT',
      '-A OUTPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset',
      '-A OUTPUT -p tcp -m tcp --dport 443 -j REJECT',
    ],
    rejected,
  ),
  filter(
    'REJECT tcp-reset',
    ['INPUT', 'FORWARD'].map((chain) => `-A ${chain} -p tcp -j REJECT --reject-with tcp-reset`),
    rejected,
  ),
  filter(
    'REJECT some',
    [
      '-A FORWARD -p tcp -m tcp ! --dport 80 -j REJECT --reject-with tcp-reset',
      '-A FORWARD -p udp -m multiport --dports 53,54 -j REJECT',
      '-A INPUT ! -p icmp -j REJECT --reject-with icmp-host-prohibited',
    ],
    rejected,
  ),
  filter(
    'REJECT in a chain of all hooks',
    [
      ':no',
      '-A INPUT -j no',
      '-A FORWARD -g no',
      '-A OUTPUT -p udp -j no',
      '-A no -p tcp -j REJECT --reject-with tcp-reset',
      '-A no -p icmp -j RETURN',
      '-A no -j REJECT',
    ],
    rejected,
  ),
];

const logs: readonly PacketCase[] = [
  filter(
    'LOG goes on',
    [
      '-A FORWARD -j LOG',
      '-A FORWARD -p tcp -j LOG --log-prefix "a prefix: " --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid',
      '-A FORWARD -p tcp -j DROP',
      '-A INPUT -j LOG --log-macdecode',
      '-A OUTPUT -j LOG --log-uid',
    ],
    [...some, ...truncated, ...fragments],
  ),
];

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
const marks: readonly PacketCase[] = [
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

export const targetCases: Readonly<Record<string, readonly PacketCase[]>> = {
  'verdicts and chains': verdicts,
  'REJECT and LOG': [...rejects, ...logs],
  'MARK and mark': marks,
};
