import { type PacketCase, type Step, table } from './case.ts';
import { flows } from './flows.ts';
import { address, type Sent, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, through } from './probes.ts';
import { udp } from './transport.ts';

const packets = everyWay(mixedProbes);
const forwarded = through(tcpProbes);
const ask = { run: 'iptables-legacy-save -c | grep -v "^#"' };

/** Packets between one command and the next, and the counters each time. */
function between(
  title: string,
  start: string,
  commands: readonly string[],
  send: readonly Sent[] = packets,
): PacketCase {
  const steps = commands.flatMap((run): readonly Step[] => [{ run }, { send }, ask]);
  return { title, steps: [{ restore: start }, { send }, ...steps] };
}

const start = table(
  'filter',
  [
    ':user',
    '-A FORWARD -p tcp -m tcp --dport 80 -j user',
    '-A FORWARD -p udp',
    '-A FORWARD -p udp',
    '-A INPUT -p icmp -j ACCEPT',
    '-A user -s 10.1.0.0/24',
    '-A user -j RETURN',
  ],
  ['INPUT'],
);

/** Counters that are there before the first packet. */
const preset = `*filter
:INPUT DROP [12:345]
:FORWARD ACCEPT [1000000:99999999999]
:OUTPUT ACCEPT [18446744073709551614:7]
:user - [0:0]
[10:1000] -A FORWARD -p tcp -j user
[4294967295:4294967295] -A FORWARD -p udp
-A FORWARD -p icmp
[18446744073709551615:18446744073709551615] -A user -j RETURN
[1:2] -A INPUT -p icmp -j ACCEPT
COMMIT
`;

const flow = 'iptables-legacy';

export const replaceCases: readonly PacketCase[] = [
  between('rules come and go', start, [
    `${flow} -A FORWARD -p icmp -j DROP`,
    `${flow} -I FORWARD 1 -p tcp`,
    `${flow} -I INPUT -p tcp -j REJECT --reject-with tcp-reset`,
    `${flow} -D FORWARD 3`,
    `${flow} -R FORWARD 2 -p tcp -j user`,
    `${flow} -A user -p tcp -j DROP`,
    `${flow} -I user -p tcp -j DROP`,
    `${flow} -P INPUT ACCEPT`,
    `${flow} -N other; ${flow} -A other -p icmp; ${flow} -A INPUT -j other`,
    `${flow} -E other another`,
    `${flow} -D INPUT -j another; ${flow} -F another; ${flow} -X another`,
    `${flow} -F user`,
    `${flow} -F FORWARD`,
    `${flow} -F`,
  ]),
  between('counters back to zero', start, [
    `${flow} -Z FORWARD`,
    `${flow} -Z INPUT 1`,
    `${flow} -Z FORWARD 2; ${flow} -A FORWARD -p tcp`,
    `${flow} -Z user`,
    `${flow} -L -v -n -x -Z`,
    `${flow} -Z`,
  ]),
  between('counters set by hand', start, [
    `${flow} -A FORWARD -p udp -c 1000 2000`,
    `${flow} -I FORWARD -c 5 6 -p tcp`,
    `${flow} -P FORWARD ACCEPT -c 7 8`,
    `${flow} -R FORWARD 2 -p tcp -c 3 4`,
  ]),
  {
    title: 'restore -c',
    steps: [
      { restore: preset, flags: ['-c'] },
      ask,
      { send: packets },
      ask,
      { run: `${flow} -A FORWARD -p tcp` },
      { send: packets },
    ],
  },
  {
    title: 'restore without -c',
    steps: [{ restore: preset }, { send: packets }, { restore: preset }, { send: packets }],
  },
  {
    title: 'restore -n and -c over what is there',
    steps: [
      { restore: preset, flags: ['-c'] },
      { send: packets },
      { restore: '*filter\n[3:4] -A FORWARD -p tcp\n-A INPUT -p udp -j DROP\nCOMMIT\n', flags: ['-n', '-c'] },
      { send: packets },
      { restore: '*filter\n:user - [0:0]\n-A user -p tcp\nCOMMIT\n', flags: ['-n'] },
      { send: packets },
    ],
  },
  {
    title: 'save and restore again',
    steps: [
      { restore: start },
      { send: packets },
      { run: 'iptables-legacy-save -c | iptables-legacy-restore -c' },
      { send: packets },
      { run: 'iptables-legacy-save | iptables-legacy-restore' },
      { send: packets },
    ],
  },
  between('tables one after the other', table('filter', ['-A FORWARD -p tcp']), [
    `${flow} -t mangle -A PREROUTING -p tcp -j MARK --set-mark 1`,
    `${flow} -A FORWARD -m mark --mark 1 -j DROP`,
    `${flow} -t raw -A PREROUTING -p udp -j DROP`,
    `${flow} -t mangle -F; ${flow} -t raw -P PREROUTING DROP`,
    `${flow} -t raw -P PREROUTING ACCEPT; ${flow} -t security -A FORWARD -j RETURN`,
  ]),
  between(
    'equal rules',
    table(
      'filter',
      Array.from({ length: 6 }, () => '-A FORWARD -p tcp'),
    ),
    [
      `${flow} -D FORWARD 2`,
      `${flow} -I FORWARD 4 -p tcp -j RETURN`,
      `${flow} -A FORWARD -p tcp`,
      `${flow} -D FORWARD -p tcp`,
    ],
    forwarded,
  ),
  between(
    'cut headers meet guards that come and go',
    table('filter', ['-A FORWARD -p tcp -m tcp --dport 81', '-A FORWARD -p tcp -m tcp --dport 80']),
    [
      `${flow} -D FORWARD 1`,
      `${flow} -I FORWARD -p tcp -j ACCEPT`,
      `${flow} -D FORWARD 1; ${flow} -A FORWARD -p udp -m udp --dport 53`,
      `${flow} -D FORWARD 1`,
    ],
    [...through(mixedProbes), ...through(mixedProbes, { cut: 6 })],
  ),
  {
    title: 'connections outlive a replace',
    steps: [
      {
        restore: table('filter', [
          '-A FORWARD -m conntrack --ctstate ESTABLISHED',
          '-A FORWARD -m conntrack --ctstate NEW',
        ]),
      },
      { send: flows.slice(0, 4) },
      { run: `${flow} -I FORWARD -p udp` },
      { send: flows.slice(4, 30) },
      { run: `${flow} -A FORWARD -m conntrack --ctstate INVALID` },
      { send: flows.slice(30) },
    ],
  },
];

const busy = sent('left', udp({ dport: 99 }), { destination: address.right });

export interface StreamCase extends PacketCase {
  /** No command sets counters itself: `restore -c` does, and any change by iptables zeroes those of policies. */
  readonly countsAll: boolean;
}

/** A rule that drops, while the table around it is replaced again and again. */
export const streamCases: readonly StreamCase[] = [
  {
    title: 'a DROP rule stays in force and counts each packet during 50 replaces',
    countsAll: true,
    steps: [
      { restore: table('filter', ['-A FORWARD -p udp -m udp --dport 99 -j DROP', '-A INPUT -p tcp']) },
      {
        stream: busy,
        during: `i=0; while [ $i -lt 25 ]; do ${flow} -I FORWARD -s 10.77.0.$i -j ACCEPT || exit 1; ${flow} -D FORWARD 1 || exit 1; i=$((i+1)); done`,
      },
    ],
  },
  {
    title: 'a DROP policy likewise, rules before and behind',
    countsAll: false,
    steps: [
      { restore: table('filter', ['-A INPUT -p tcp'], ['FORWARD']) },
      {
        stream: busy,
        during: `i=0; while [ $i -lt 13 ]; do ${flow} -A FORWARD -d 10.77.0.$i -j ACCEPT || exit 1; ${flow} -I FORWARD -p tcp || exit 1; ${flow} -D FORWARD 1 || exit 1; ${flow} -D FORWARD 1 || exit 1; ${flow} -A INPUT -p icmp || exit 1; i=$((i+1)); done`,
      },
    ],
  },
  {
    title: 'restores of the same table, chains anew each time',
    countsAll: false,
    steps: [
      { restore: table('filter', [':user', '-A FORWARD -j user', '-A user -p udp -j DROP']) },
      {
        stream: busy,
        during: `i=0; while [ $i -lt 25 ]; do iptables-legacy-save -c | iptables-legacy-restore -c || exit 1; ${flow} -A INPUT -p tcp || exit 1; i=$((i+1)); done`,
      },
    ],
  },
];
