import type { TableName } from '../../rules/ir.ts';
import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { checksum, ip, type Sent, sent } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, through } from './probes.ts';
import { tcp, udp } from './transport.ts';

const TTL_AT = 8;
const CHECKSUM_AT = 10;
const SOURCE_AT = 12;

const bytes = Array.from({ length: 256 }, (_, value) => value);
const oddOnes = [...fragments, ...truncated, ...odd];

/** Forwarded with each of these in the TOS byte; some reach the host, some come from it. */
const services: readonly Sent[] = [
  ...bytes.map((tos) => sent('left', udp({ data: tos % 5 }), { tos })),
  ...[0, 1, 2, 3, 0x10, 0xb8, 0xfc, 0xff].flatMap((tos) => everyWay([tcp(), udp()], { tos, options: [1, 1, 1, 0] })),
  ...oddOnes,
];
const lifetimes: readonly Sent[] = [
  ...bytes.map((ttl) => sent('left', udp({ data: ttl % 5 }), { ttl })),
  ...[0, 1, 2, 63, 64, 128, 255].flatMap((ttl) => everyWay([tcp(), udp()], { ttl, options: [1, 1, 1, 0] })),
  ...oddOnes,
];

/**
 * A packet whose header would have the checksum 0 or 1 with `change` made to it: its source is chosen so. What leaves
 * by a device went through ip_forward, so its TTL is one lower.
 */
function aimed(change: (header: Buffer) => void, wanted: number, fields: { ttl?: number; tos?: number } = {}): Sent {
  const packet = ip(udp(), fields);
  const goal = Buffer.from(packet.subarray(0, 20));
  goal.writeUInt8(goal.readUInt8(TTL_AT) - 1, TTL_AT);
  change(goal);
  goal.writeUInt16BE(wanted, CHECKSUM_AT);
  goal.writeUInt16BE(0, SOURCE_AT + 2);
  const source = Buffer.from(packet.subarray(SOURCE_AT, SOURCE_AT + 4));
  source.writeUInt16BE(checksum(goal), 2);
  return sent('left', udp(), { ...fields, source: [...source].join('.') });
}

/** The same packet with 0xffff for a checksum of 0, which means the same. */
function otherZero(packet: Sent): Sent {
  const buffer = Buffer.from(packet.bytes, 'hex');
  buffer.writeUInt16BE(0xffff, CHECKSUM_AT);
  return { ...packet, bytes: buffer.toString('hex') };
}

/** Its checksum is 0 as it comes in. */
const zeroAtFirst = (fields: { ttl?: number; tos?: number }): Sent =>
  aimed((header) => header.writeUInt8(header.readUInt8(TTL_AT) + 1, TTL_AT), 0, fields);

const edges = (change: (header: Buffer) => void, fields: { ttl?: number; tos?: number } = {}): readonly Sent[] => [
  aimed(change, 0, fields),
  aimed(change, 1, fields),
  zeroAtFirst(fields),
  otherZero(zeroAtFirst(fields)),
];
const setTtl = (value: number) => (header: Buffer) => void header.writeUInt8(value, TTL_AT);
const setTos = (value: number) => (header: Buffer) => void header.writeUInt8(value, 1);

/** A target in every chain where it may stand, with what it did shown by rules behind it. */
function inChains(
  target: string,
  chains: readonly string[],
  packets: readonly Sent[],
  more: { readonly tests?: readonly string[]; readonly name?: TableName; readonly protocol?: string } = {},
): PacketCase {
  const { tests = [], name = 'mangle', protocol } = more;
  const p = protocol === undefined ? '' : ` ${protocol}`;
  const rules = chains.flatMap((chain) => [
    `-A ${chain}${p} -j ${target}`,
    ...tests.map((test) => `-A ${chain} ${test}`),
  ]);
  return { title: target, steps: [{ restore: table(name, rules) }, { send: packets }] };
}

const everywhere = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

const ttlCases: readonly PacketCase[] = [
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
const tosCases: readonly PacketCase[] = [
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

const marks = ['0', '1', '2', '3', '5', '0x10', '0x12', '0x30', '0x50', '0x102', '0x120'].map(
  (mark) => `-m mark --mark ${mark}`,
);
const marked = [...marks, '-m mark --mark 1/1', '-m mark --mark 0x80000000/0x80000000'];

/** The packet's mark is 0x12 or 0x31 when it comes by; what the connection has is given to it at the end. */
function connmark(options: string): PacketCase {
  return {
    title: `CONNMARK ${options}`,
    steps: [
      {
        restore: table('mangle', [
          '-A PREROUTING -p tcp -j CONNMARK --set-mark 0x103',
          '-A PREROUTING -p udp -j MARK --set-mark 0x12',
          '-A PREROUTING -p tcp -j MARK --set-mark 0x31',
          `-A PREROUTING -j CONNMARK ${options}`,
          ...marked.map((test) => `-A PREROUTING ${test}`),
          `-A OUTPUT -j CONNMARK ${options}`,
          '-A INPUT -j CONNMARK --restore-mark',
          '-A POSTROUTING -j CONNMARK --restore-mark',
          ...['INPUT', 'POSTROUTING'].flatMap((chain) => marked.map((test) => `-A ${chain} ${test}`)),
        ]),
      },
      { send: [...flows, ...oddOnes] },
    ],
  };
}

const connmarkCases: readonly PacketCase[] = [
  ...[
    '--set-mark 5',
    '--set-mark 0x10/0xf0',
    '--set-xmark 0x3/0x1',
    '--and-mark 0xfffffffd',
    '--or-mark 0x80000000',
    '--xor-mark 0x2',
    '--set-xmark 0/0',
    '--save-mark',
    '--save-mark --mask 0x10',
    '--save-mark --nfmask 0x30 --ctmask 0xffffffff',
    '--save-mark --nfmask 0 --ctmask 0x3',
    '--restore-mark',
    '--restore-mark --mask 0x3',
    '--restore-mark --nfmask 0xffffffff --ctmask 0x2',
    '--restore-mark --nfmask 0x3 --ctmask 0x100',
    '--set-xmark 0x1/0xf --left-shift-mark 4',
    '--set-xmark 0x200/0xf --right-shift-mark 8',
    '--save-mark --nfmask 0xff --ctmask 0xffffffff --right-shift-mark 4',
    '--restore-mark --nfmask 0xffffffff --ctmask 0xff --left-shift-mark 4',
    '--restore-mark --mask 0x3 --left-shift-mark 1',
  ].map(connmark),
  {
    title: 'CONNMARK in raw, and of what is not tracked',
    steps: [
      {
        restore:
          table('raw', [
            '-A PREROUTING -p icmp -j CT --notrack',
            '-A PREROUTING -j CONNMARK --set-mark 5',
            '-A OUTPUT -j CONNMARK --set-mark 5',
          ]) +
          table('mangle', [
            '-A PREROUTING -j MARK --set-mark 2',
            '-A PREROUTING -p icmp -j CONNMARK --restore-mark',
            '-A PREROUTING -p udp -j CONNMARK --save-mark',
            '-A PREROUTING -m mark --mark 2',
            '-A PREROUTING -m mark --mark 5',
            '-A POSTROUTING -j CONNMARK --restore-mark',
            ...marked.map((test) => `-A POSTROUTING ${test}`),
          ]),
      },
      { send: flows },
    ],
  },
];

/** The packet's priority has no match in ip_tables: a table of nft's counts it, the same both ways. */
const classifyCases: readonly PacketCase[] = ['0:0', '1:10', 'ffff:ffff', 'abc:0'].map((kind) => ({
  title: `CLASSIFY --set-class ${kind}`,
  steps: [
    {
      run: [
        "nft 'add table ip seen; add chain ip seen c { type filter hook postrouting priority 300; }'",
        ...['none', '1:10', 'root', 'abc:0', '1:1'].map(
          (priority) => `nft 'add rule ip seen c meta priority ${priority} counter'`,
        ),
      ].join(' && '),
    },
    {
      restore:
        table('mangle', [`-A POSTROUTING ! -p icmp -j CLASSIFY --set-class ${kind}`]) +
        table('filter', ['-A FORWARD -p tcp -j CLASSIFY --set-class 1:1', '-A OUTPUT -j CLASSIFY --set-class 1:1']),
    },
    { send: everyWay([...mixedProbes, ...tcpProbes]) },
    { run: 'nft list table ip seen' },
  ],
  cleanup: 'nft delete table ip seen',
}));

const mss = (value: number): readonly number[] => [2, 4, value >> 8, value & 0xff];
const segments: readonly Sent[] = [
  ...everyWay([
    ...[0, 500, 535, 536, 537, 1399, 1400, 1401, 1460, 65535].map((value) => tcp({ options: mss(value) })),
    tcp(),
    tcp({ data: 5 }),
    tcp({ options: [1, 1, 1, 1] }),
    tcp({ options: [1, ...mss(1460), 4, 2, 1] }),
    tcp({ options: [...mss(1460), ...mss(1450)] }),
    tcp({ options: [4, 2, ...mss(1460), 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 10, 1, 1, 1, 1, 2, 2, 2, 2] }),
    tcp({ options: [...mss(1460), 3, 3, 7, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] }),
    tcp({ options: [2, 3, 9, ...mss(1460)] }),
    tcp({ options: [1, 1, 1, 1, 8, 40, 0, 0] }),
    tcp({ options: [5, 0, 5, 1, 5, 2, 1, 5] }),
    tcp({ options: [0, ...mss(1460)] }),
    tcp({ options: [1, 1, 2, 4] }),
    tcp({ options: [254, 4, 1, 2, 255, 2, 19, 2] }),
    tcp({ options: Array.from({ length: 40 }, () => 1) }),
    tcp({ flags: 0x12, options: mss(1460) }),
    tcp({ flags: 0xc2, options: mss(1460), data: 3 }),
    tcp({ flags: 0x10, options: mss(1460) }),
    tcp({ options: mss(1460), checksumError: 1 }),
    tcp({ dataOffset: 4 }),
    tcp({ dataOffset: 6 }),
    tcp({ dataOffset: 15, data: 8 }),
    udp(),
  ]),
  ...oddOnes,
];
const tcpCases: readonly PacketCase[] = [
  ...['--set-mss 1400', '--set-mss 536', '--set-mss 0', '--set-mss 65515'].map((change) =>
    inChains(`TCPMSS ${change}`, everywhere, segments, { protocol: '-p tcp --syn' }),
  ),
  {
    ...inChains('TCPMSS --set-mss 1000', ['FORWARD', 'INPUT', 'OUTPUT'], segments, {
      name: 'filter',
      protocol: '-p tcp --tcp-flags SYN,RST SYN',
    }),
    title: 'TCPMSS in filter',
  },
  {
    title: 'TCPMSS --clamp-mss-to-pmtu',
    steps: [
      { run: 'ip link set right mtu 900; ip link set left mtu 1000' },
      {
        restore: table(
          'mangle',
          ['FORWARD', 'OUTPUT', 'POSTROUTING'].map((chain) => `-A ${chain} -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu`),
        ),
      },
      { send: segments },
    ],
    cleanup: 'ip link set right mtu 1500; ip link set left mtu 1500',
  },
  ...['mss', 'sack', 'mss,sack-permitted,timestamp,wscale,md5', '254,255', '5'].map((kinds) =>
    inChains(`TCPOPTSTRIP --strip-options ${kinds}`, everywhere, segments, { protocol: '-p tcp' }),
  ),
  ...['--ecn-tcp-remove', '--ecn-tcp-cwr 1', '--ecn-tcp-ece 1 --ecn-ip-ect 2'].map((change) =>
    inChains(`ECN ${change}`, everywhere, [...segments, ...services.slice(-40)], { protocol: '-p tcp' }),
  ),
];

const hashed = ['0x5', '0x6', '0x7', '0x8'].map((mark) => `-m mark --mark ${mark}`);
const otherCases: readonly PacketCase[] = [
  ...[
    '--hmark-tuple src,dst --hmark-mod 3 --hmark-offset 5 --hmark-rnd 0xcafe',
    '--hmark-tuple src,dst,sport,dport --hmark-mod 4 --hmark-offset 5 --hmark-rnd 0xcafe',
    '--hmark-src-prefix 24 --hmark-sport-mask 0xff --hmark-dport-mask 0xf --hmark-proto-mask 0xff --hmark-mod 4 --hmark-offset 5 --hmark-rnd 1',
    '--hmark-tuple ct --hmark-mod 4 --hmark-offset 5 --hmark-rnd 0xcafe',
  ].map((options) => inChains(`HMARK ${options}`, everywhere, [...flows, ...oddOnes], { tests: hashed })),
  inChains('CHECKSUM --checksum-fill', everywhere, everyWay(mixedProbes)),
  inChains('CONNSECMARK --save', everywhere, flows),
  inChains('CONNSECMARK --restore', ['INPUT', 'FORWARD', 'OUTPUT'], flows, { name: 'security' }),
  inChains('AUDIT --type drop', everywhere, [...everyWay(mixedProbes), ...oddOnes], { tests: ['-p udp'] }),
  inChains('RATEEST --rateest-name target-1 --rateest-interval 1s --rateest-ewmalog 4s', everywhere, flows, {
    tests: ['-p udp'],
  }),
  inChains('IDLETIMER --timeout 600 --label target-1', everywhere, flows, { tests: ['-p udp'] }),
  inChains('NFLOG --nflog-group 3 --nflog-prefix "a word: " --nflog-size 40', everywhere, everyWay(mixedProbes), {
    tests: ['-p udp'],
  }),
  inChains('NFQUEUE --queue-num 7', ['FORWARD', 'INPUT', 'OUTPUT'], everyWay(mixedProbes), {
    name: 'filter',
    protocol: '-p udp',
    tests: ['-p udp', '-p tcp'],
  }),
  inChains('NFQUEUE --queue-balance 7:9 --queue-bypass', everywhere, everyWay(mixedProbes), { tests: ['-p udp'] }),
];

/** Groups of cases: what targets do to packets, marks and what others see of it. */
export const targetCases: Readonly<Record<string, readonly PacketCase[]>> = {
  TTL: ttlCases,
  'TOS, DSCP and ECN': tosCases,
  CONNMARK: connmarkCases,
  CLASSIFY: classifyCases,
  'the TCP header': tcpCases,
  'other targets': otherCases,
};
