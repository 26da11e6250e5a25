import { errno } from '../../protocol/errno.ts';
import { array, bytes, defineStruct, u8, u16, u32, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, type Revision, refuse } from '../extension.ts';

const header = 'linux/netfilter/xt_set.h';
const DIMENSIONS = 6; // IPSET_DIM_MAX

const xt_set_info_match_v0 = defineStruct('xt_set_info_match_v0', header, {
  index: u16,
  pad: bytes(2),
  directions: array(u32, DIMENSIONS + 1),
});

const reference = { index: u16, dim: u8, flags: u8 };
const xt_set_info_match_v1 = defineStruct('xt_set_info_match_v1', header, reference);
const xt_set_info_match_v3 = defineStruct('xt_set_info_match_v3', header, {
  ...reference,
  pad: bytes(4),
  packets: defineStruct('ip_set_counter_match0', 'linux/netfilter/ipset/ip_set.h', {
    op: u8,
    pad: bytes(7),
    value: u64,
  }),
  bytes: defineStruct('ip_set_counter_match0', 'linux/netfilter/ipset/ip_set.h', { op: u8, pad: bytes(7), value: u64 }),
  command: u32,
  pad2: bytes(4),
});
const counterMatch = { value: u64, op: u8, pad: bytes(7) };
const xt_set_info_match_v4 = defineStruct('xt_set_info_match_v4', header, {
  ...reference,
  pad: bytes(4),
  packets: defineStruct('ip_set_counter_match', 'linux/netfilter/ipset/ip_set.h', counterMatch),
  bytes: defineStruct('ip_set_counter_match', 'linux/netfilter/ipset/ip_set.h', counterMatch),
  command: u32,
  pad2: bytes(4),
});

interface CounterTest {
  /** IPSET_COUNTER_*. */
  readonly op: number;
  readonly value: bigint;
  readonly pad: Uint8Array;
}

export interface SetInfo {
  readonly revision: 0 | 1 | 2 | 3 | 4;
  /** Of the set in the kernel; its name isn't told. */
  readonly index: number;
  readonly pad: Uint8Array;
  /** Revision 0: IPSET_SRC, IPSET_DST for each dimension, and IPSET_MATCH_INV in the first. */
  readonly directions: readonly number[];
  /** From revision 1 on: how many dimensions, and enum ip_set_kopt. */
  readonly dim: number;
  readonly flags: number;
  /** From revision 3 on: IPSET_FLAG_*. */
  readonly command: number;
  readonly packets: CounterTest;
  readonly bytes: CounterTest;
  readonly pad2: Uint8Array;
}

const SOURCE = 1; // IPSET_SRC
const INVERT_V0 = 4; // IPSET_MATCH_INV
const INVERT = 1; // IPSET_INV_MATCH
const RETURN_NOMATCH = 0x80; // IPSET_RETURN_NOMATCH
const SKIP_COUNTERS = 1 << 3; // IPSET_FLAG_SKIP_COUNTER_UPDATE
const SKIP_SUBCOUNTERS = 1 << 4; // IPSET_FLAG_SKIP_SUBCOUNTER_UPDATE
const COMMAND_RETURN_NOMATCH = 1 << 7; // IPSET_FLAG_RETURN_NOMATCH

/** By IPSET_COUNTER_*; NONE is 0. */
const comparisons: readonly (readonly [not: string, word: string] | undefined)[] = [
  undefined,
  ['', 'eq'],
  ['! ', 'eq'],
  ['', 'lt'],
  ['', 'gt'],
];

const reason = "ipset's sets aren't nft's";

const noTest: CounterTest = { op: 0, value: 0n, pad: new Uint8Array(7) };
const nothing: Omit<SetInfo, 'revision'> = {
  index: 0,
  pad: new Uint8Array(4),
  directions: [],
  dim: 0,
  flags: 0,
  command: 0,
  packets: noTest,
  bytes: noTest,
  pad2: new Uint8Array(4),
};

/** A struct's fields as far as it has them. */
function revision<Value extends Partial<SetInfo>>(
  number: SetInfo['revision'],
  { size, read, write }: { readonly size: number; read(data: Uint8Array): Value; write(info: SetInfo): Uint8Array },
): Revision<SetInfo> {
  return { size, decode: (data) => ({ ...nothing, ...read(data), revision: number }), encode: (info) => write(info) };
}

/**
 * `-m set`, revisions 0 to 4 (net/netfilter/xt_set.c, libxt_set.c): the sets of ipset, named by their index. A set
 * that isn't there is ENOENT: the kernel's answer when the rule is loaded. The name that iptables shows it asks the
 * kernel for; here, where only the rule's bytes are at hand, stands the index.
 */
export const set = defineMatch<SetInfo>({
  name: 'set',
  revisions: {
    0: revision(0, {
      size: xt_set_info_match_v0.size,
      read: (data) => xt_set_info_match_v0.read(data),
      write: ({ directions, ...info }) =>
        xt_set_info_match_v0.write({
          ...info,
          directions: directions as ReturnType<typeof xt_set_info_match_v0.read>['directions'],
        }),
    }),
    1: revision(1, xt_set_info_match_v1),
    2: revision(2, xt_set_info_match_v1),
    3: revision(3, xt_set_info_match_v3),
    4: revision(4, xt_set_info_match_v4),
  },
  coverage: { none: reason },
  examples: [
    '-m set {|!} --match-set {ipset} {src|dst}',
    '-m set {|!} --match-set {ipset} {src|dst} --return-nomatch',
    '-m set --match-set {ipset} {src|dst} ! --update-counters ! --update-subcounters',
    '-m set --match-set {ipset} {src|dst} {|!} --packets-eq {u8}',
    '-m set --match-set {ipset} {src|dst} --packets-{lt|gt} {u8} --bytes-{lt|gt} {u16}',
    '-m set --match-set {ipset} {src|dst} {|!} --bytes-eq {u16}',
  ],
  unpredictable: 'sets are made outside of the tables',
  placement: {},
  // elements may count their packets
  stateful: true,
  check({ revision, directions, dim }) {
    const tooMany = revision === 0 ? directions[DIMENSIONS - 1] !== 0 : dim > DIMENSIONS;
    if (tooMany) refuse('set: more dimensions than there are', errno.ERANGE);
  },
  print: (info) => text(info, ''),
  save: (info) => text(info, '--'),
  nft: () => cannotExpress(`set: ${reason}`),
  bpf: { none: "sets are ipset's, which a program can't ask" },
});

function text(info: SetInfo, dashes: string): string {
  const { revision, index, directions, dim, flags, command } = info;
  const inverted = revision === 0 ? ((directions[0] ?? 0) & INVERT_V0) !== 0 : (flags & INVERT) !== 0;
  const sides = revision === 0 ? sidesOfV0(directions) : sidesOf(dim, flags);
  const parts = [
    `${inverted ? '! ' : ''}${dashes}match-set #${index}${sides.length === 0 ? '' : ` ${sides.join(',')}`}`,
  ];
  const returnsNoMatch = revision === 2 ? flags & RETURN_NOMATCH : command & COMMAND_RETURN_NOMATCH;
  if (returnsNoMatch) parts.push(`${dashes}return-nomatch`);
  if (command & SKIP_COUNTERS) parts.push(`! ${dashes}update-counters`);
  if (command & SKIP_SUBCOUNTERS) parts.push(`! ${dashes}update-subcounters`);
  for (const what of ['packets', 'bytes'] as const) {
    const { op, value } = info[what];
    const words = comparisons[op];
    if (words !== undefined) parts.push(`${words[0]}${dashes}${what}-${words[1]} ${value}`);
  }
  return parts.map((part) => ` ${part}`).join('');
}

/** They end where a dimension has neither side. */
function sidesOfV0(directions: readonly number[]): readonly string[] {
  const used = directions.slice(0, DIMENSIONS);
  const end = used.indexOf(0);
  return (end < 0 ? used : used.slice(0, end)).map((one) => (one & SOURCE ? 'src' : 'dst'));
}

function sidesOf(dim: number, flags: number): readonly string[] {
  return Array.from({ length: dim }, (_, index) => (flags & (1 << (index + 1)) ? 'src' : 'dst'));
}
