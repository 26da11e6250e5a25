import { type PacketCase, table } from './case.ts';
import { flows, tcpFlow } from './flows.ts';
import { matching } from './matching.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { type RawRule, rawMatch } from './raw-rule.ts';
import { saying } from './saying.ts';
import { templateCases } from './template-cases.ts';
import { icmp, tcp, udp } from './transport.ts';

/** All of them one behind the other, and each of some as a rule with a chain of its own. */
function counting(
  title: string,
  tests: readonly string[],
  packets: readonly Sent[],
  alone: readonly string[] = tests,
): readonly PacketCase[] {
  const all = ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => tests.map((one) => `-A ${chain} ${one}`));
  return [
    ...alone.map((one) => matching(one, packets)),
    { title: `${title}: all at once`, steps: [{ restore: table('filter', all) }, { send: packets }] },
  ];
}

const both = ['', '! '];

const connbytes = [
  ...['packets', 'bytes', 'avgpkt'].flatMap((mode) =>
    ['original', 'reply', 'both'].flatMap((direction) =>
      ['0:2', '2:3', '3', '1:1', '60:100', '41', '0', '200:400', '0:18446744073709551614'].flatMap((range) =>
        both.map(
          (not) => `-m connbytes ${not}--connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${direction}`,
        ),
      ),
    ),
  ),
  '-m connbytes --connbytes 0:9007199254740993 --connbytes-mode bytes --connbytes-dir both',
];

/** Marks, labels and helpers come from an nftables table that is neither the kernel's nor ours. */
const foreignRules = [
  'add table ip foreign',
  'add ct helper ip foreign h { type "ftp" protocol tcp; }',
  'add chain ip foreign early { type filter hook prerouting priority -150; }',
  'add rule ip foreign early udp dport 53 ct mark set 0x10',
  'add rule ip foreign early udp dport 54 ct mark set 0xff0000ff',
  'add rule ip foreign early tcp dport 80 ct mark set 1',
  'add rule ip foreign early udp dport 53 ct label set 5',
  'add rule ip foreign early tcp dport 80 ct label set 0',
  'add rule ip foreign early tcp dport 443 ct label set 127',
  'add rule ip foreign early icmp type echo-request ct label set 64',
  'add rule ip foreign early tcp dport 21 ct helper set "h"',
  'add chain ip foreign first { type filter hook prerouting priority -310; }',
  'add rule ip foreign first icmp id 8 notrack',
].join('\n');
const setUp = { run: `nft -f - <<'END'\n${foreignRules}\nEND` };
const cleanup = 'nft delete table ip foreign';

function beside(cases: readonly PacketCase[]): readonly PacketCase[] {
  return cases.map((one) => ({ ...one, steps: [setUp, ...one.steps], cleanup }));
}

const marks = ['1', '0', '0x10/0xf0', '0xff0000ff', '0x1/0x1', '0x100/0xff', '0/0', '5/0'];
const connmark = marks.flatMap((one) => both.map((not) => `-m connmark ${not}--mark ${one}`));
const labels = ['0', '5', '64', '127', '40'];
const connlabel = [
  ...labels.flatMap((one) => both.map((not) => `-m connlabel ${not}--label ${one}`)),
  '-p udp -m connlabel --label 9 --set',
  '-m connlabel ! --label 9 --set',
];

/** Labels that one rule sets and others see, and what a limit before or behind makes of it. */
const setting: PacketCase = {
  title: 'connlabel --set',
  steps: [
    {
      restore:
        table('mangle', [
          '-A PREROUTING -p udp -m connlabel --label 7 --set',
          '-A PREROUTING -m connlabel ! --label 7',
          '-A PREROUTING -p tcp -m quota --quota 200 -m connlabel --label 8 --set -m tcp --dport 80',
          '-A PREROUTING -p icmp -m connlabel ! --label 9 --set -j DROP',
        ]) +
        table('filter', [
          ...['INPUT', 'FORWARD', 'OUTPUT'].flatMap((chain) =>
            ['7', '8', '9'].flatMap((one) => both.map((not) => `-A ${chain} -m connlabel ${not}--label ${one}`)),
          ),
          '-A FORWARD -m connlabel --label 7 -j DROP',
        ]),
    },
    { send: flows },
  ],
};

const SYN = 2;
const ACK = 16;
const backwards = { source: address.right, destination: address.left };
/** A client that has the server open its data connection: the helper expects it. */
const ftp: readonly Sent[] = [
  sent('left', tcp({ sport: 1030, dport: 21, flags: SYN, sequence: 100 })),
  sent('right', tcp({ sport: 21, dport: 1030, flags: SYN | ACK, sequence: 500, acknowledgement: 101 }), backwards),
  sent('left', tcp({ sport: 1030, dport: 21, flags: ACK, sequence: 101, acknowledgement: 501 })),
  // the helper reads lines only behind one that it saw end
  sent('left', saying('USER a\r\n', { sport: 1030, dport: 21, flags: ACK | 8, sequence: 101, acknowledgement: 501 })),
  sent(
    'left',
    saying('PORT 10,1,0,2,4,7\r\n', { sport: 1030, dport: 21, flags: ACK | 8, sequence: 109, acknowledgement: 501 }),
  ),
  sent('right', tcp({ sport: 20, dport: 1031, flags: SYN, sequence: 900 }), backwards),
  sent('left', tcp({ sport: 1031, dport: 20, flags: SYN | ACK, sequence: 77, acknowledgement: 901 })),
  sent('right', tcp({ sport: 20, dport: 1031, flags: ACK, sequence: 901, acknowledgement: 78 }), backwards),
  sent('right', tcp({ sport: 20, dport: 1032, flags: SYN, sequence: 900 }), backwards),
];
const helper = ['ftp', 'ft', 'ftp-2121', 'sip', 'ftpftpftpftpftpftpftpftp'].flatMap((one) =>
  both.map((not) => `-m helper ${not}--helper ${one}`),
);

const ownerTests = [
  '--uid-owner 0',
  '--uid-owner 0-65533',
  '--uid-owner 1-65534',
  '--gid-owner 0',
  '--gid-owner 7-9',
  '--socket-exists',
  '--gid-owner 8 --suppl-groups',
].flatMap((one) => both.map((not) => `${not}${one}`));
const owners = [
  ...ownerTests.filter((one) => one !== '! --gid-owner 8 --suppl-groups'),
  '--uid-owner 0 ! --gid-owner 7',
  '! --uid-owner 65534 --gid-owner 0',
  '! --uid-owner 0 ! --gid-owner 0',
  '--socket-exists --uid-owner 65534',
  '--socket-exists ! --uid-owner 65534',
  '! --socket-exists --uid-owner 0',
  '! --socket-exists ! --uid-owner 0',
  '--socket-exists --uid-owner 0 --gid-owner 0',
].map((one) => `-m owner ${one}`);

/** What programs of several users send, and what the kernel answers by itself. */
const traffic = [
  'echo a | setpriv --reuid 65534 --regid 7 --clear-groups nc -u -q 0 -p 5000 10.2.0.2 888',
  'echo b | setpriv --reuid 1 --regid 9 --groups 8 nc -u -q 0 -p 5001 10.2.0.2 888',
  'echo c | nc -u -q 0 -p 5002 10.2.0.2 888',
  // no listener: the kernel refuses
  'nc -w 1 -p 5003 127.0.0.1 889; true',
  'setpriv --reuid 65534 --regid 7 --clear-groups nc -w 1 -p 5004 127.0.0.1 889; true',
  // an answer to a socket that waits for it alone
  '(echo answer; sleep 0.6) | timeout 0.8 setpriv --reuid 1 --regid 9 --clear-groups nc -u -l 127.0.0.1 5008 >/dev/null 2>&1 & sleep 0.3; echo question | timeout 0.3 nc -u -p 5009 127.0.0.1 5008 >/dev/null; wait',
  '(timeout 2 setpriv --reuid 65534 --regid 7 --clear-groups nc -l 127.0.0.1 5005 </dev/null >/dev/null 2>&1 &) ; sleep 0.3',
].map((run) => ({ run }));

/** A listener answers, and as nobody waits for that the kernel resets. */
const halfOpen = sent('host', tcp({ sport: 5006, dport: 5005 }), { source: '127.0.0.1', destination: '127.0.0.1' });
const segments = ['SYN,ACK SYN', 'SYN,ACK SYN,ACK', 'RST RST'].map((flags) => `-p tcp -m tcp --tcp-flags ${flags}`);

function local(
  title: string,
  chain: string,
  tests: readonly string[],
  name: 'filter' | 'mangle' = 'filter',
): PacketCase {
  const kinds = ['-p udp', '-p icmp', ...segments];
  const rules = tests.flatMap((one) => kinds.map((kind) => `-A ${chain} ${kind} ${one}`));
  return {
    title,
    steps: [
      { restore: table(name, rules) },
      { send: [...everyWay(mixedProbes), ...flows.slice(-12)] },
      ...traffic,
      { send: [halfOpen] },
    ],
  };
}

const classes = ['--cgroup 0', '! --cgroup 0', '--cgroup 7', '! --cgroup 7', '--path ""', '! --path ""'].map(
  (one) => `-m cgroup ${one}`,
);

const onProcessor0 = { run: 'taskset -pc 0 $PPID >/dev/null' };
const onAnyProcessor = 'taskset -pc 0-$(($(nproc --all) - 1)) $PPID >/dev/null';
const cpu: readonly PacketCase[] = ['0', '1', '4294967295']
  .flatMap((one) => both.map((not) => matching(`-m cpu ${not}--cpu ${one}`, everyWay(mixedProbes))))
  .map(({ title, steps }) => ({ title, steps: [onProcessor0, ...steps], cleanup: onAnyProcessor }));

const groups = ['3', '0', '0x203', '3/3', '0/0xfd', '0x7/0', '0x10000003'].flatMap((one) =>
  both.map((not) => `${not}--src-group ${one}`),
);
const devgroup: PacketCase = {
  title: 'devgroup',
  steps: [
    { run: 'ip link set left group 3; ip link set right group 515' },
    {
      restore: table('filter', [
        ...groups.flatMap((one) => [`-A INPUT -m devgroup ${one}`, `-A FORWARD -m devgroup ${one}`]),
        ...groups
          .map((one) => one.replace('src', 'dst'))
          .flatMap((one) => [`-A FORWARD -m devgroup ${one}`, `-A OUTPUT -m devgroup ${one}`]),
        '-A FORWARD -m devgroup --src-group 3 ! --dst-group 3',
        '-A FORWARD -m devgroup ! --src-group 3 --dst-group 3/3 -j DROP',
      ]),
    },
    {
      send: [
        ...everyWay(mixedProbes),
        ...mixedProbes.map((probe) => sent('right', probe, backwards)),
        sent('host', icmp(), { source: '127.0.0.1', destination: '127.0.0.1' }),
      ],
    },
  ],
  cleanup: 'ip link set left group 0; ip link set right group 0',
};

const small = [...everyWay(udpProbes), ...everyWay(tcpProbes)];
const quotas = ['0', '1', '27', '28', '29', '56', '57', '300', '1000', '100000', '18446744073709551615'];
const quota: readonly PacketCase[] = [
  ...quotas.flatMap((one) => both.map((not) => matching(`-m quota ${not}--quota ${one}`, small))),
  ...quotas
    .slice(3)
    .flatMap((one) =>
      [
        `-p udp -m quota --quota ${one} -m udp --dport 53`,
        `-p udp -m udp --dport 53 -m quota --quota ${one}`,
        `-p udp -m multiport --ports 53,1024:2000 -m quota ! --quota ${one}`,
        `-p tcp -m quota --quota ${one} -m multiport --ports 80,443`,
        `-m quota --quota ${one} -m conntrack --ctstate NEW,DNAT`,
        `-m conntrack --ctstate NEW,DNAT -m quota --quota ${one}`,
      ].map((tests) => matching(tests, [...small, ...truncated, ...fragments, ...odd])),
    ),
  {
    title: 'two quotas in a row and in one rule',
    steps: [
      {
        restore: table('filter', [
          ':both',
          '-A FORWARD -m quota --quota 200 -j both',
          '-A FORWARD -m quota --quota 500 -m quota --quota 100 -j DROP',
          '-A INPUT -j both',
          '-A both -m quota --quota 400 -j RETURN',
          '-A both -p udp -m quota ! --quota 100 -j DROP',
        ]),
      },
      { send: small },
    ],
  },
];

const turns = ['1 --packet 0', '2 --packet 0', '2 --packet 1', '5 --packet 2', '7 --packet 6', '4294967295 --packet 3'];
const statistic: readonly PacketCase[] = [
  ...turns.flatMap((one) => both.map((not) => matching(`-m statistic --mode nth ${not}--every ${one}`, small))),
  ...[
    '-p udp -m statistic --mode nth --every 3 --packet 1 -m udp --dport 53',
    '-p udp -m udp --sport 1024 -m statistic --mode nth ! --every 2 --packet 0 -m udp --dport 53',
    '-p udp -m multiport --ports 53,1024:2000 -m statistic --mode nth --every 3 --packet 0',
    '-p tcp -m statistic --mode nth --every 2 --packet 0 -m multiport --ports 80,443',
    '-m statistic --mode nth --every 2 --packet 0 -m conntrack --ctstate NEW,DNAT',
    '-m conntrack --ctstate NEW,DNAT -m statistic --mode nth --every 2 --packet 1',
    '-m statistic --mode nth --every 2 --packet 1 -m statistic --mode nth --every 3 --packet 1',
    '-m statistic --mode random --probability 1',
    '-m statistic --mode random --probability 0',
    '-m statistic --mode random ! --probability 1',
    '-m statistic --mode random ! --probability 0 -m udp -p udp --dport 53',
  ].map((tests) => matching(tests, [...small, ...truncated, ...fragments, ...odd])),
  {
    title: 'a balancer',
    steps: [
      {
        restore: table('filter', [
          ':a',
          ':b',
          ':c',
          '-A FORWARD -m statistic --mode nth --every 3 --packet 0 -g a',
          '-A FORWARD -m statistic --mode nth --every 2 --packet 0 -g b',
          '-A FORWARD -g c',
          '-A INPUT -m statistic --mode nth --every 3 --packet 2 -j a',
          '-A a -p tcp -j DROP',
          '-A b -p udp -j DROP',
          '-A c -m statistic --mode nth ! --every 4 --packet 1 -j ACCEPT',
          '-A c -j DROP',
        ]),
      },
      { send: small },
    ],
  },
];

const HOUR = 3600_000;
const DAY = 24 * HOUR;

/** Windows around now, or beside it, each by hours: neither way of two runs meets an edge. */
function windows(now: Date): readonly string[] {
  const at = (offset: number): Date => new Date(now.getTime() + offset);
  const clock = (offset: number): string => at(offset).toISOString().slice(11, 19);
  const date = (offset: number): string => at(offset).toISOString().slice(0, 19);
  const day = (offset: number): string =>
    ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at(offset).getUTCDay()] ?? '';
  const monthday = (offset: number): number => at(offset).getUTCDate();
  // near midnight the day may change between two runs
  const near = Math.min(...[0, DAY].map((edge) => Math.abs((now.getTime() % DAY) - edge))) < HOUR / 4;
  const days = near
    ? []
    : [
        ...both.flatMap((not) => [0, DAY, -DAY].map((offset) => `${not}--weekdays ${day(offset)}`)),
        ...both.flatMap((not) => [0, DAY, -DAY].map((offset) => `${not}--monthdays ${monthday(offset)}`)),
        `--weekdays ${day(0)} --kerneltz`,
        `--timestart ${clock(-2 * HOUR)} --timestop ${clock(2 * HOUR)} --weekdays ${day(0)}`,
        `--timestart ${clock(2 * HOUR)} --timestop ${clock(-2 * HOUR)} --weekdays ${day(-DAY)}`,
      ];
  return [
    '',
    ...[
      [-2, 2],
      [2, 4],
      [-4, -2],
      [2, -2],
      [-2, -3],
      [3, 2],
      [0, 12],
      [-12, 0.5],
    ].map(([from = 0, to = 0]) => `--timestart ${clock(from * HOUR - HOUR / 4)} --timestop ${clock(to * HOUR)}`),
    `--datestart ${date(-DAY)}`,
    `--datestart ${date(DAY)}`,
    `--datestop ${date(-DAY)}`,
    `--datestop ${date(HOUR)}`,
    `--datestart ${date(-HOUR)} --datestop ${date(HOUR)} --timestart ${clock(-HOUR)} --timestop ${clock(HOUR)}`,
    `--datestart ${date(-DAY)} --datestop ${date(-HOUR)}`,
    '--kerneltz',
    ...days,
  ];
}

const limits = ['--connlimit-above 0', '--connlimit-above 1', '--connlimit-upto 2', '--connlimit-above 4'];
const masks = ['', ' --connlimit-mask 24', ' --connlimit-mask 0 --connlimit-daddr', ' --connlimit-daddr'];
const manyConnections: readonly Sent[] = [
  ...[0, 1].flatMap((at) => tcpFlow(6000 + at).slice(0, 4)),
  ...[0, 1, 2, 3].map((at) => sent('left', udp({ sport: 7000 + at, data: at }), { source: `10.1.0.${2 + (at % 3)}` })),
  sent('right', tcp({ sport: 80, dport: 6001, flags: 4, sequence: 501 }), backwards),
  ...tcpFlow(6010).slice(0, 2),
  ...pieces.slice(0, 2),
];

/**
 * Connections counted. The kernel looks through them once a tick only, and takes one that it has just seen in the
 * same tick for another: so there is a pause behind each packet.
 */
const connlimit: PacketCase = {
  title: 'connlimit',
  steps: [
    {
      restore: table(
        'filter',
        limits.flatMap((one) =>
          masks.flatMap((mask) => [`-A FORWARD -m connlimit ${one}${mask}`, `-A INPUT -m connlimit ${one}${mask}`]),
        ),
      ),
    },
    ...manyConnections.flatMap((packet) => [{ send: [packet] }, { run: 'sleep 0.02' }]),
  ],
};

const raw = (name: string, revision: number, info: object): RawRule => ({ matches: [rawMatch(name, revision, info)] });
const anyTime = { date_start: 0, date_stop: 0xffffffff, daytime_start: 0, daytime_stop: 86_399 };
const anyDay = { monthdays_match: 0xffffffff, weekdays_match: 0xff, flags: 0 };
const turn = { mode: 1, flags: 0, every: 3, packet: 0, count: 3, master: 0n };
const named = (text: string) => Uint8Array.from({ length: 30 }, (_, at) => text.charCodeAt(at) || 0);

/** What the kernel loads but iptables never sends. */
const rawRules: readonly RawRule[] = [
  ...[
    { from: 3n, to: 0n },
    { from: 0n, to: 0n },
    { from: 2n ** 64n - 1n, to: 0n },
    { from: 2n ** 63n, to: 2n },
  ].map((range) => raw('connbytes', 0, { ...range, what: 0, direction: 2 })),
  ...[0, 1, 2, 255].flatMap((invert) => [0, 1, 0x10].map((mask) => raw('connmark', 1, { mark: 0, mask, invert }))),
  ...[0, 1, -7].flatMap((invert) => ['', 'f'].map((name) => raw('helper', 0, { invert, name: named(name) }))),
  ...[
    { count: 0 },
    { count: 2 },
    { count: 4, packet: 9 },
    { every: 0, count: 0, flags: 1 },
    { every: 0xffffffff, count: 0xfffffffe },
    { mode: 0, every: 2 ** 31 },
    { mode: 0, every: 2 ** 32 - 1, flags: 1 },
  ].map((some) => raw('statistic', 0, { ...turn, ...some })),
  raw('quota', 0, { flags: 1, pad: 7, quota: 100n, master: 5n }),
  ...[
    {},
    { monthdays_match: 0 },
    { weekdays_match: 0 },
    { weekdays_match: 1 },
    { date_start: 0xffffffff },
    { date_stop: 0 },
    { daytime_stop: 0 },
    { flags: 2, daytime_start: 5, daytime_stop: 4 },
  ].map((some) => raw('time', 0, { ...anyTime, ...anyDay, ...some })),
];

/** How many packets of `rolls` a rule with this chance takes; the last one takes the rest. */
export const chances = [0.25, 0.5, 0.01] as const;
export const rolls = 1500;
export const chanceCase: PacketCase = {
  title: 'by chance',
  steps: [
    {
      restore: table(
        'filter',
        chances.flatMap((one) => both.map((not) => `-A FORWARD -m statistic --mode random ${not}--probability ${one}`)),
      ),
    },
    { send: Array.from({ length: rolls }, () => sent('left', udp())) },
  ],
};

export const connCases = {
  connbytes: counting(
    'connbytes',
    connbytes,
    flows,
    connbytes.filter((_, at) => at % 12 === 0),
  ),
  'connmark, connlabel': [
    ...beside([...counting('connmark', connmark, flows), ...counting('connlabel', connlabel, flows)]),
    setting,
  ],
  helper: beside(counting('helper', helper, ftp)),
  owner: [local('owner in OUTPUT', 'OUTPUT', owners), local('owner in POSTROUTING', 'POSTROUTING', owners, 'mangle')],
  cgroup: [
    local('cgroup in OUTPUT', 'OUTPUT', classes),
    local('cgroup in INPUT', 'INPUT', classes),
    local('cgroup in POSTROUTING', 'POSTROUTING', classes, 'mangle'),
  ],
  'cpu, devgroup': [...cpu, devgroup],
  quota,
  statistic,
  time: counting(
    'time',
    windows(new Date()).map((one) => `-m time ${one}`),
    everyWay(mixedProbes),
  ),
  connlimit: [connlimit],
  'templates of CT': templateCases,
  'raw blobs': [{ title: 'raw blobs', steps: [{ rules: rawRules }, { send: [...flows, ...truncated, ...fragments] }] }],
  socket: [
    local(
      'socket in INPUT',
      'INPUT',
      ['', '--transparent', '--nowildcard', '--restore-skmark'].map((one) => `-m socket ${one}`),
    ),
  ],
} satisfies Readonly<Record<string, readonly PacketCase[]>>;
