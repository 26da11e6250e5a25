import { Buffer } from 'node:buffer';
import type { PacketCase } from './case.ts';
import { type Sent, sent, type Transport } from './packet.ts';
import { everyWay } from './probes.ts';
import { type RawRule, rawMatch } from './raw-rule.ts';
import { saidByDatagram } from './saying.ts';
import { showLists, showTables, visits } from './xt-list-cases.ts';
import { headers } from './xt-payload-cases.ts';

const UDP = 17;
const L2TP = 115;

const name = (length: number, text: string): Uint8Array => {
  const room = new Uint8Array(length);
  room.set(Buffer.from(text));
  return room;
};
const one = (match: RawRule['matches'][number], protocol = 0): RawRule => ({ protocol, matches: [match] });

const limits = (revision: 1 | 2, info: object): RawRule =>
  one(
    rawMatch('hashlimit', revision, {
      revision,
      name: name(revision === 1 ? 16 : 255, `raw${revision}`),
      mode: 4,
      avg: revision === 1 ? 864_000_000n : 86_400_000_000n,
      burst: 3n,
      size: 0,
      max: 0,
      gc_interval: 1_000,
      expire: 3_600_000,
      interval: 0,
      srcmask: 32,
      dstmask: 32,
      pad: new Uint8Array(1),
      pad2: new Uint8Array(2),
      hinfo: 0x1234n,
      ...info,
    }),
  );
const remembered = (check_set: number, info: object = {}): RawRule =>
  one(
    rawMatch('recent', 0, {
      seconds: 0,
      hit_count: 0,
      check_set,
      invert: 0,
      name: name(200, 'raw'),
      side: 0,
      pad: 0,
      ...info,
    }),
  );
const tunnel = (flags: number, info: object = {}, protocol = UDP): RawRule =>
  one(rawMatch('l2tp', 0, { tid: 0, sid: 0, version: 0, type: 0, flags, pad: 0, ...info }), protocol);

/** L2TP of both versions: control and data, with and without a length; over UDP and IP. */
const tunnels: readonly Transport[] = [
  ...['0002 0007 0009 aaaa', '4002 000c 0007 0009', '8002 0007 0009 0000', 'c002 000c 0007 0009 0000 0000'],
  ...[
    '0003 0000 00000009',
    '8003 000c 00000007',
    'c003 000c 00000007',
    '0003 0000 0000',
    '0002 0007',
    '4002 0007 0009',
  ],
  ...['0001 0007 0009', '80', ''],
].map((hex) => saidByDatagram(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
const overIp: readonly Transport[] = ['00000009 0000', '00000000 c803 000c 00000007', '00000000 c803', '0000'].map(
  (hex) => ({ protocol: L2TP, bytes: () => Buffer.from(hex.replaceAll(' ', ''), 'hex') }),
);
const tunnelPackets: readonly Sent[] = [
  ...everyWay([...tunnels, ...overIp]),
  ...tunnels.map((transport) => sent('left', transport, { moreFragments: true, id: 0x5a00 })),
  ...[...tunnels, ...overIp].map((transport) => sent('left', transport, { fragmentOffset: 3, id: 0x5a01 })),
];

/** What iptables 1.8.9 doesn't send: older revisions, l2tp. */
export const xtRawCases: readonly PacketCase[] = [
  {
    title: 'hashlimit, revisions 1 and 2',
    steps: [
      {
        rules: [
          limits(1, {}),
          limits(2, {}),
          limits(1, { mode: 0x14, name: name(16, 'above1') }),
          limits(2, { mode: 0x14, name: name(255, 'above2') }),
          limits(2, { mode: 1, dstmask: 24, name: name(255, 'to') }),
        ],
      },
      { send: visits },
      showTables,
    ],
  },
  {
    title: 'recent, revision 0',
    steps: [
      { rules: [remembered(1), remembered(1, { invert: 1 }), remembered(1, { hit_count: 3 }), remembered(2)] },
      { send: visits },
      showLists,
    ],
  },
  {
    title: 'bpf, revision 0; u32 with nothing to do',
    steps: [
      {
        rules: [
          one({
            name: 'bpf',
            revision: 0,
            hex: bpfOf('30000000 09000000 15000001 06000000 06000000 01000000 06000000 00000000'),
          }),
          one({ name: 'u32', revision: 0, hex: '00'.repeat(1984) }),
          one({ name: 'u32', revision: 0, hex: `${'00'.repeat(1981)}010000` }),
          one({ name: 'u32', revision: 0, hex: `${'00'.repeat(1980)}01000000` }),
        ],
      },
      { send: headers },
    ],
  },
  {
    title: 'l2tp',
    steps: [
      {
        rules: [
          tunnel(1, { tid: 7 }),
          tunnel(2, { sid: 9 }),
          tunnel(3, { tid: 7, sid: 9 }),
          tunnel(8, { type: 0 }),
          tunnel(9, { tid: 7, type: 1 }),
          tunnel(5, { tid: 7, version: 2 }),
          tunnel(6, { sid: 9, version: 3 }),
          tunnel(7, { tid: 7, sid: 9, version: 3 }),
          tunnel(1, { tid: 7 }, L2TP),
          tunnel(2, { sid: 9 }, L2TP),
          tunnel(8, { type: 0 }, L2TP),
        ],
      },
      { send: tunnelPackets },
    ],
  },
];

/** struct xt_bpf_info of four instructions. */
function bpfOf(program: string): string {
  return `0400${'0000'}${program.replaceAll(' ', '')}`.padEnd(2 * 528, '0');
}
