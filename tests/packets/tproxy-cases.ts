import { programCommand } from '../harness/program.ts';
import { table } from './case.ts';
import type { NatCase } from './nat-case.ts';
import { type Sent, sent } from './packet.ts';
import { icmp, tcp, udp } from './transport.ts';

const LISTENING = 3129;
const [node, listener] = programCommand(new URL('./transparent-listener.ts', import.meta.url));
const started = [
  'out=$(mktemp)',
  `'${node}' '${listener}' ${LISTENING} 4 </dev/null >"$out" 2>&1 &`,
  'for i in $(seq 100); do grep -q ready "$out" && break; sleep 0.1; done',
  'cat "$out"; rm "$out"',
].join('\n');
const proxied: readonly Sent[] = [
  ...[80, 81].flatMap((port) => [sent('left', udp({ dport: port, data: 5 })), sent('left', tcp({ dport: port }))]),
  sent('left', udp({ dport: LISTENING })),
  sent('left', tcp({ dport: LISTENING, flags: 0x10 })),
  sent('left', udp({ dport: 80, data: 6 }), { destination: '198.51.100.1' }),
  sent('left', icmp()),
  sent('left', udp({ dport: 80 }), { cut: 4 }),
  sent('left', tcp({ dport: 80 }), { cut: 10 }),
];

/** What TPROXY took comes to INPUT with its mark. The answers carry random numbers: OUTPUT counts and drops them. */
function tproxyCase(title: string, rules: readonly string[], made: NatCase['made']): NatCase {
  return {
    title,
    made,
    steps: [
      { run: 'ip rule add fwmark 1/1 lookup 100; ip route add local default dev lo table 100' },
      { run: started },
      {
        restore:
          table('mangle', [
            '-A PREROUTING -p tcp -m tcp --dport 81 -j MARK --set-mark 0x30',
            ...rules,
            '-A PREROUTING',
          ]) +
          table('filter', [
            ...['INPUT', 'FORWARD'].flatMap((chain) =>
              ['0x1', '0x31', '0x0', '0x30'].map((mark) => `-A ${chain} -m mark --mark ${mark}`),
            ),
            '-A OUTPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP',
          ]),
      },
      { send: proxied },
    ],
    cleanup: 'ip rule del fwmark 1/1; ip route flush table 100; sleep 4',
  };
}

const takenCases: readonly NatCase[] = [
  tproxyCase(
    'TPROXY to a socket, marked',
    ['tcp', 'udp'].map((one) => `-A PREROUTING -p ${one} -j TPROXY --on-port ${LISTENING} --tproxy-mark 0x1/0x1`),
    [
      /\[[1-9]\d*:\d+\] -A INPUT -m mark --mark 0x1\W/,
      /\[[1-9]\d*:\d+\] -A INPUT -m mark --mark 0x31\W/,
      /\[2:\d+\] -A OUTPUT/,
    ],
  ),
];

const droppedCases: readonly NatCase[] = [
  ...[
    '--on-port 4000',
    `--on-port 4000 --on-ip 10.1.0.1 --tproxy-mark 0x1`,
    '--on-port 0 --on-ip 127.0.0.1 --tproxy-mark 0x1/0xff',
    '--on-port 0 --tproxy-mark 0x1',
  ].map(
    (options): NatCase => ({
      title: `TPROXY ${options} without a socket drops`,
      made: [],
      steps: [
        {
          restore:
            table('mangle', [
              ':user',
              '-A PREROUTING -p udp -m udp --dport 80 -j user',
              `-A PREROUTING -p tcp -m tcp --dport 81 -j TPROXY ${options}`,
              '-A PREROUTING',
              `-A user -p udp -j TPROXY ${options}`,
              '-A user',
            ]) + table('filter', ['-A INPUT', '-A FORWARD']),
        },
        { send: proxied },
      ],
    }),
  ),
];

export const tproxyCases: readonly NatCase[] = [...droppedCases, ...takenCases];
