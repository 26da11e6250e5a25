import { type PacketCase, table } from './case.ts';
import { connCases } from './conn-cases.ts';
import { tcpFlow } from './flows.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, through, udpProbes } from './probes.ts';
import { icmp, tcp, udp } from './transport.ts';

/** Rules of hashlimit and connlimit as nft alone has them (`run --no-xt`): a set of the rule's own. */

const sources = ['10.1.0.2', '10.1.0.3', '10.1.1.2', '192.0.2.1', '192.0.2.130', '198.51.100.7', '138.1.0.2'];
const destinations = ['10.2.0.2', '10.2.0.3', '198.51.100.1', '198.51.100.200'];

/** Two from and to each of many addresses. */
const addressed: readonly Sent[] = sources.flatMap((source, at) =>
  destinations.flatMap((destination, data) => [
    sent('left', udp({ data: data + at }), { source, destination }),
    sent('left', tcp({ sport: 1024 + (at % 2), dport: 80 + (data % 2), data: at }), { source, destination }),
  ]),
);
const everything = [...addressed, ...everyWay(mixedProbes), ...odd];

/** A rule's tests in three chains, each with a table of its own; what it takes in FORWARD is dropped. */
function limiting(tests: string, packets: readonly Sent[]): PacketCase {
  const rule = (chain: string, target = '') =>
    `-A ${chain} ${tests.replace(/(--hashlimit-name \w+)/g, `$1${chain}`)}${target}`;
  const rules = [rule('FORWARD', ' -j DROP'), rule('INPUT', ' -j ACCEPT'), rule('OUTPUT')];
  return { title: tests, steps: [{ restore: table('filter', rules, ['INPUT']) }, { send: packets }] };
}

const hashlimit = (options: string, name = 'a'): string => `-m hashlimit ${options} --hashlimit-name ${name}`;
const slowly = '1/hour --hashlimit-burst';
const keys = (mode: string, more = ''): string => ` --hashlimit-mode ${mode}${more}`;

/** The rate is one that gives nothing back while packets come. */
const addresses: readonly string[] = [
  '',
  keys('srcip'),
  keys('dstip'),
  keys('srcip,dstip'),
  keys('srcip', ' --hashlimit-srcmask 24'),
  keys('srcip', ' --hashlimit-srcmask 31'),
  keys('srcip', ' --hashlimit-srcmask 1'),
  keys('srcip', ' --hashlimit-srcmask 0'),
  keys('dstip', ' --hashlimit-dstmask 7'),
  keys('srcip,dstip', ' --hashlimit-srcmask 9 --hashlimit-dstmask 25'),
];
const counted = [
  ...addresses.flatMap((mode) =>
    ['upto', 'above'].map((way, at) => hashlimit(`--hashlimit-${way} ${slowly} ${2 + at}${mode}`)),
  ),
  hashlimit('--hashlimit-upto 1/day --hashlimit-burst 1'),
  hashlimit('--hashlimit-above 20/day --hashlimit-burst 20'),
  hashlimit('--hashlimit-upto 1/min --hashlimit-burst 7'),
];

const ports = [
  '-p tcp -m tcp --syn',
  '-p udp -m udp',
  '-p tcp ! -f',
  '-p udp ! -f',
  '-p tcp -m multiport --dports 80,443,1000:2000',
].flatMap((tests) =>
  ['srcport', 'dstport', 'srcip,dstport', 'srcip,srcport,dstip,dstport'].map(
    (mode, at) => `${tests} ${hashlimit(`--hashlimit-${at % 2 ? 'above' : 'upto'} ${slowly} 2${keys(mode)}`)}`,
  ),
);
const portPackets = [
  ...[0, 1].flatMap(() => [...everyWay(tcpProbes), ...everyWay(udpProbes)]),
  ...addressed,
  ...truncated,
  ...fragments,
];

/** The state sees just what comes to it. */
const between = [
  `-p tcp ${hashlimit(`--hashlimit-upto ${slowly} 3${keys('srcip')}`)} -m tcp --dport 80`,
  `-p tcp -m tcp --dport 80 ${hashlimit(`--hashlimit-upto ${slowly} 3${keys('srcip')}`)} -m ttl --ttl-eq 64`,
  `-p udp ${hashlimit(`--hashlimit-above ${slowly} 3${keys('dstip')}`)} -m ttl ! --ttl-eq 2`,
  `${hashlimit(`--hashlimit-upto ${slowly} 9`)} ${hashlimit(`--hashlimit-upto ${slowly} 2${keys('srcip')}`, 'b')}`,
  `-p tcp ${hashlimit(`--hashlimit-upto ${slowly} 3${keys('srcip')}`)} -m multiport --ports 80,1024`,
  `-p tcp -m multiport --ports 80,1025 ${hashlimit(`--hashlimit-above ${slowly} 3${keys('srcip')}`)}`,
];

/** An element that nothing came for is forgotten, one that something came for isn't. */
const forgotten: PacketCase = {
  title: '--hashlimit-htable-expire',
  steps: [
    {
      restore: table('filter', [
        `-A FORWARD ${hashlimit(
          `--hashlimit-upto ${slowly} 2${keys('srcip')} --hashlimit-htable-expire 1000 --hashlimit-htable-gcinterval 50`,
        )}`,
      ]),
    },
    { send: through(tcpProbes.slice(0, 4)) },
    { run: 'sleep 0.6' },
    { send: through(tcpProbes.slice(0, 1)) },
    { run: 'sleep 0.6' },
    { send: through(tcpProbes.slice(0, 1)) },
    { run: 'sleep 1.5' },
    { send: through(tcpProbes.slice(0, 4)) },
  ],
};

/** Time gives back what it should, give or take nothing: the pauses are far from where a packet more would fit. */
const refilled: PacketCase = {
  title: 'the rate',
  steps: [
    {
      restore: table('filter', [
        `-A FORWARD ${hashlimit(`--hashlimit-upto 2/sec --hashlimit-burst 4${keys('srcip')}`)}`,
        `-A FORWARD ${hashlimit(`--hashlimit-above 60/min --hashlimit-burst 3${keys('dstip')}`, 'b')}`,
      ]),
    },
    { send: through(tcpProbes.slice(0, 8)) },
    { run: 'sleep 1.25' },
    { send: through(tcpProbes.slice(0, 8)) },
  ],
};

/** What connlimit wants: it looks through the connections once a tick only. */
const paused = (packets: readonly Sent[]) =>
  packets.flatMap((packet) => [{ send: [packet] }, { run: 'sleep 0.02' }] as const);

const elsewhere: PacketCase = {
  title: 'mangle, nat and raw',
  steps: [
    {
      restore: [
        table('raw', [`-A PREROUTING ${hashlimit(`--hashlimit-upto ${slowly} 3${keys('srcip')}`)}`]),
        table('mangle', [
          `-A FORWARD ${hashlimit(`--hashlimit-above ${slowly} 2${keys('dstip')}`, 'm')} -j DROP`,
          '-A PREROUTING -m connlimit --connlimit-above 1 --connlimit-mask 16',
        ]),
        table('filter', [
          `-A FORWARD -m connlimit --connlimit-upto 2 ${hashlimit(`--hashlimit-upto ${slowly} 9`, 'f')}`,
        ]),
        table('nat', [`-A POSTROUTING ${hashlimit(`--hashlimit-upto ${slowly} 4`, 'n')}`]),
      ].join(''),
    },
    ...paused(addressed),
  ],
};

const connections = ['--connlimit-above 0', '--connlimit-upto 0', '--connlimit-above 1', '--connlimit-upto 3'];
const connectionRules = (masks: readonly string[]) =>
  connections.flatMap((one) =>
    masks.flatMap((mask) => ['FORWARD', 'INPUT'].map((chain) => `-A ${chain} -m connlimit ${one}${mask}`)),
  );
/**
 * Counted by their own addresses and ports, or dropped for having none. What isn't a connection is forgotten when the
 * kernel next looks; nft's looks more often than the kernel's own, so none comes from where connections are.
 */
const untracked: PacketCase = {
  title: 'connlimit of untracked packets',
  steps: [
    {
      restore: [
        table('raw', ['-A PREROUTING -j CT --notrack']),
        table('filter', connectionRules(['', ' --connlimit-mask 8 --connlimit-daddr'])),
      ].join(''),
    },
    ...paused([
      ...[0, 1, 2].map((at) => sent('left', udp({ sport: 5000 + at, data: at }))),
      ...tcpFlow(6000).slice(0, 3),
      sent('left', udp(), { destination: address.hostLeft }),
      ...truncated,
      ...odd,
    ]),
  ],
};
const invalid: PacketCase = {
  title: 'connlimit of invalid packets',
  steps: [
    { restore: table('filter', connectionRules([''])) },
    ...paused([
      ...tcpFlow(6000).slice(0, 3),
      ...[0, 1, 2, 3].map((at) => sent('left', tcp({ sport: 7000 + at, flags: 0 }), { source: '10.1.0.3' })),
      sent('left', icmp({ type: 3, code: 1, rest: 0, body: Buffer.alloc(28) }), { source: '10.1.0.3' }),
      ...tcpFlow(6001).slice(0, 3),
    ]),
  ],
};

export const ownSetCases = {
  'hashlimit by addresses': counted.map((tests) => limiting(tests, everything)),
  'hashlimit by ports': ports.map((tests) => limiting(tests, portPackets)),
  'hashlimit among others': between.map((tests) => limiting(tests, [...addressed, ...through(tcpProbes)])),
  'hashlimit and time': [forgotten, refilled],
  'own sets elsewhere': [elsewhere],
  connlimit: [...connCases.connlimit, untracked, invalid],
};
