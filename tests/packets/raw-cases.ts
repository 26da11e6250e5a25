import { type ConntrackInfo, conntrackFlag, endpoints } from '../../rules/conntrack/info.ts';
import type { PacketCase } from './case.ts';
import { flows } from './flows.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { everyWay, icmpProbes, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { type RawRule, rawMatch } from './raw-rule.ts';

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const anything = [0, 0xffff] as const;
const packets = [
  ...everyWay([...tcpProbes, ...udpProbes, ...icmpProbes, ...mixedProbes]),
  ...fragments,
  ...truncated,
  ...odd,
];

const tcpBase = { spts: anything, dpts: anything, option: 0, flg_mask: 0, flg_cmp: 0, invflags: 0 };
const tcp = (info: Partial<typeof tcpBase> | object): RawRule => ({
  protocol: TCP,
  matches: [rawMatch('tcp', 0, { ...tcpBase, ...info })],
});
const udpBase = { spts: anything, dpts: anything, invflags: 0 };
const udp = (info: object): RawRule => ({ protocol: UDP, matches: [rawMatch('udp', 0, { ...udpBase, ...info })] });
const icmp = (type: number, code: readonly number[], invflags = 0): RawRule => ({
  protocol: ICMP,
  matches: [rawMatch('icmp', 0, { type, code, invflags })],
});
const mark = (value: number, mask: number, invert: number): RawRule => ({
  matches: [rawMatch('mark', 1, { mark: value, mask, invert })],
});

const fifteen = (values: readonly number[]) => Array.from({ length: 15 }, (_, at) => values[at] ?? 0);
const multiport = (
  ports: readonly number[],
  fields: { flags?: number; pflags?: readonly number[]; invert?: number; protocol?: number } = {},
): RawRule => {
  const { flags = 1, pflags = [], invert = 0, protocol = TCP } = fields;
  return {
    protocol,
    matches: [
      rawMatch('multiport', 1, { flags, count: ports.length, ports: fifteen(ports), pflags: fifteen(pflags), invert }),
    ],
  };
};

const noAddress = { address: new Uint8Array(16), mask: new Uint8Array(16) };
const noPort = { low: 0, high: 0 };
const each = <Value>(value: Value) =>
  Object.fromEntries(endpoints.map((end) => [end, value])) as Record<(typeof endpoints)[number], Value>;
const conntrackBase: ConntrackInfo = {
  addresses: each(noAddress),
  ports: each(noPort),
  expires: { min: 0, max: 0 },
  protocol: 0,
  matchFlags: 0,
  invertFlags: 0,
  states: 0,
  statuses: 0,
};
const conntrack = (revision: number, info: Partial<ConntrackInfo>): RawRule => ({
  matches: [rawMatch('conntrack', revision, { ...conntrackBase, ...info })],
});
const { state, status, origdstPort, replsrcPort, origsrc, protocol, direction, expires } = conntrackFlag;
const left = {
  address: Uint8Array.from([10, 1, 0, 2, ...Array.from({ length: 12 }, () => 0)]),
  mask: new Uint8Array(16).fill(0xff),
};

const conntracks = [1, 2, 3].flatMap((revision) => [
  conntrack(revision, {}),
  ...[1, 2, 4, 8, 0x0e, 0x40, 0x48, 0].flatMap((states) =>
    [0, state].map((invertFlags) => conntrack(revision, { matchFlags: state, invertFlags, states })),
  ),
  ...[0, 2, 4, 8, 0x30].flatMap((statuses) =>
    [0, status].map((invertFlags) => conntrack(revision, { matchFlags: status, invertFlags, statuses })),
  ),
  ...[0, origdstPort].map((invertFlags) =>
    conntrack(revision, {
      matchFlags: origdstPort,
      invertFlags,
      ports: { ...conntrackBase.ports, origdst: { low: 80, high: 80 } },
    }),
  ),
  conntrack(revision, {
    matchFlags: replsrcPort | state,
    states: 2,
    ports: { ...conntrackBase.ports, replsrc: { low: 53, high: 53 } },
  }),
  ...[0, origsrc].map((invertFlags) =>
    conntrack(revision, { matchFlags: origsrc, invertFlags, addresses: { ...conntrackBase.addresses, origsrc: left } }),
  ),
  ...[6, 262].flatMap((value) =>
    [0, protocol].map((invertFlags) => conntrack(revision, { matchFlags: protocol, invertFlags, protocol: value })),
  ),
  conntrack(revision, { matchFlags: direction }),
  conntrack(revision, { matchFlags: direction, invertFlags: direction }),
  conntrack(revision, { matchFlags: 0, invertFlags: state | status, states: 8 }),
  conntrack(revision, { matchFlags: expires, expires: { min: 40, max: 20 } }),
]);

const states = [0x01, 0x02, 0x04, 0x08, 0x0e, 0x40, 0, 0xff, 0xfffffff7].map(
  (mask): RawRule => ({ matches: [rawMatch('state', 0, { mask })] }),
);

export const rawCases: readonly PacketCase[] = [
  {
    title: 'headers',
    steps: [
      {
        rules: [
          { flags: 0, inverted: 0x20, matches: [] },
          { inverted: 0x04, matches: [] },
          { protocol: 262, matches: [] },
          { protocol: 262, inverted: 0x40, matches: [] },
          { protocol: 0, inverted: 0x40, matches: [] },
          { flags: 1, inverted: 0x20, matches: [] },
        ],
      },
      { send: packets },
    ],
  },
  {
    title: 'tcp',
    steps: [
      {
        rules: [
          tcp({ flg_mask: 2, flg_cmp: 3 }),
          tcp({ flg_mask: 2, flg_cmp: 3, invflags: 4 }),
          tcp({ invflags: 4 }),
          tcp({ invflags: 8 }),
          tcp({ flg_mask: 0xc2, flg_cmp: 0xc2 }),
          tcp({ dpts: [90, 80] }),
          tcp({ dpts: [90, 80], invflags: 2 }),
          tcp({ invflags: 1 }),
          tcp({ spts: [1024, 1024], dpts: [80, 80], invflags: 3, flg_mask: 0x10 }),
        ],
      },
      { send: packets },
    ],
  },
  {
    title: 'udp and icmp',
    steps: [
      {
        rules: [
          udp({ spts: [2, 1] }),
          udp({ dpts: [2, 1], invflags: 2 }),
          udp({ dpts: [53, 53], invflags: 1 }),
          udp({ spts: [1024, 1024], dpts: [53, 53], invflags: 3 }),
          icmp(3, [1, 13]),
          icmp(3, [1, 13], 1),
          icmp(8, [6, 2]),
          icmp(8, [6, 2], 1),
          icmp(255, [3, 4]),
          icmp(255, [0, 255], 1),
          icmp(5, [0, 255]),
        ],
      },
      { send: packets },
    ],
  },
  {
    title: 'mark',
    steps: [
      {
        rules: [
          mark(0, 0, 0),
          mark(0, 0, 1),
          mark(1, 2, 0),
          mark(1, 2, 1),
          mark(0, 1, 0),
          mark(0, 1, 2),
          mark(5, 5, 3),
        ],
      },
      { send: packets },
    ],
  },
  {
    title: 'multiport',
    steps: [
      {
        rules: [
          multiport([]),
          multiport([], { invert: 1 }),
          multiport([], { flags: 2, invert: 1 }),
          multiport([80, 80], { pflags: [1, 0] }),
          multiport([80], { invert: 2 }),
          multiport([80], { invert: 255, flags: 2 }),
          multiport([80, 443, 22, 22], { flags: 2 }),
          multiport([53, 60], { pflags: [1], protocol: UDP, flags: 2, invert: 1 }),
          multiport([0xa0a1], { protocol: 136 }),
          multiport([0xa0a1], { protocol: 132, flags: 0, invert: 1 }),
        ],
      },
      { send: packets },
    ],
  },
  { title: 'state 0', steps: [{ rules: states }, { send: flows }] },
  { title: 'conntrack 1, 2 and 3', steps: [{ rules: conntracks }, { send: flows }] },
];
