import { type PacketCase, table } from './case.ts';
import { connMarkCases } from './conn-mark-cases.ts';
import { both, counting } from './counting.ts';
import { backwards, flows, tcpFlow } from './flows.ts';
import { fragments, pieces, truncated } from './odd-packets.ts';
import { cgroupCases, ownerCases, socketCases } from './owner-cases.ts';
import { type Sent, sent } from './packet.ts';
import { placeCases } from './place-cases.ts';
import { type RawRule, rawMatch } from './raw-rule.ts';
import { templateCases } from './template-cases.ts';
import { timeCases } from './time-cases.ts';
import { tcp, udp } from './transport.ts';
import { quota, statistic } from './turn-cases.ts';

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

export const connCases = {
  connbytes: counting(
    'connbytes',
    connbytes,
    flows,
    connbytes.filter((_, at) => at % 12 === 0),
  ),
  'connmark, connlabel': connMarkCases,
  owner: ownerCases,
  cgroup: cgroupCases,
  'cpu, devgroup': placeCases,
  quota,
  statistic,
  time: timeCases,
  connlimit: [connlimit],
  'templates of CT': templateCases,
  'raw blobs': [{ title: 'raw blobs', steps: [{ rules: rawRules }, { send: [...flows, ...truncated, ...fragments] }] }],
  socket: socketCases,
} satisfies Readonly<Record<string, readonly PacketCase[]>>;
