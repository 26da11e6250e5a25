import { defineStruct, u8, u64, type ValueOf } from '../../protocol/struct.ts';
import type { Look } from '../bpf/test.ts';
import { isTracked } from '../conntrack/bpf-tests.ts';
import { cannotExpress, defineMatch, type NftAlternatives, type NftMatch, refuse } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_connbytes_info = defineStruct('xt_connbytes_info', 'linux/netfilter/xt_connbytes.h', {
  from: u64,
  to: u64,
  what: u8,
  direction: u8,
});

/** An inverted range has its bounds the wrong way round: `from` above `to`. */
export type ConnbytesInfo = ValueOf<typeof xt_connbytes_info>;

/** XT_CONNBYTES_PKTS, BYTES, AVGPKT: iptables' word and nft's key. */
const modes = [
  ['packets', 'packets'],
  ['bytes', 'bytes'],
  ['avgpkt', 'avgpkt'],
] as const;
/** XT_CONNBYTES_DIR_ORIGINAL, REPLY, BOTH. */
const directions = ['original', 'reply', 'both'] as const;

const MOST = 2n ** 64n - 1n;

/**
 * `-m connbytes`: how much went over the packet's connection (net/netfilter/xt_connbytes.c,
 * extensions/libxt_connbytes.c). It switches the counting of connections on, and so does nft.
 */
export const connbytes = defineMatch<ConnbytesInfo>({
  name: 'connbytes',
  revisions: { 0: structRevision(xt_connbytes_info) },
  coverage: {
    partly: ['ranges that hold 0, of a connection whose counters were set back to 0', 'bounds from 2^53 on'],
  },
  examples: [
    '-m connbytes {|!} --connbytes {0-5}:{6-20} --connbytes-mode packets --connbytes-dir {original|reply|both}',
    '-m connbytes {|!} --connbytes {0-500}:{501-4000} --connbytes-mode bytes --connbytes-dir {original|reply|both}',
    '-m connbytes {|!} --connbytes {1-60} --connbytes-mode avgpkt --connbytes-dir {original|reply|both}',
  ],
  placement: { anyFamily: true },

  check({ what, direction }) {
    if (what >= modes.length) refuse(`connbytes: unknown mode ${what}`);
    if (direction >= directions.length) refuse(`connbytes: unknown direction ${direction}`);
  },

  print: (info) => `${rangeText(info, '')} connbytes mode ${modeText(info)} connbytes direction ${directionText(info)}`,
  save: (info) => `${rangeText(info, '--')} --connbytes-mode ${modeText(info)} --connbytes-dir ${directionText(info)}`,
  nft: amountTests,
  bpf: (info) => ({ groups: [[isTracked], [countLook(info)]] }),
});

function rangeText({ from, to }: ConnbytesInfo, prefix: '' | '--'): string {
  const [low, high] = from > to ? [to, from] : [from, to];
  return `${from > to ? ' !' : ''} ${prefix}connbytes ${low}${high > 0n && high < MOST ? `:${high}` : ''}`;
}

function modeText({ what }: ConnbytesInfo): string {
  return modes[what]?.[0] ?? 'unknown';
}

function directionText({ direction }: ConnbytesInfo): string {
  return directions[direction] ?? 'unknown';
}

/**
 * The kernel takes no connection without counters (begun before the counting was switched on), where nft
 * reads 0. So where 0 is in the range, a first test asks that some packet was counted: the one at hand was, by
 * conntrack. It wasn't if it is an ICMP error about the connection, whose earlier packets were, unless somebody
 * has set the counters back to 0 since: hence `secondBest`.
 */
function amountTests({ from, to, what, direction }: ConnbytesInfo): NftMatch {
  const [, key = 'bytes'] = modes[what] ?? [];
  const dir = directions[direction];
  const left = { ct: { key, ...(dir === 'both' || dir === undefined ? {} : { dir }) } };
  if (from > to) {
    const above: NftAlternatives = from === MOST ? [] : [[{ match: { op: '>', left, right: exactly(from) } }]];
    if (to === 0n) return { alternatives: above };
    const below: NftStatement = { match: { op: '<', left, right: exactly(to) } };
    return { alternatives: [[someCounted, below], ...above], secondBest: true };
  }
  if (from === 0n) {
    const upTo: readonly NftStatement[] = to === MOST ? [] : [{ match: { op: '<=', left, right: exactly(to) } }];
    return { alternatives: [[someCounted, ...upTo]], secondBest: true };
  }
  if (to === MOST) return { alternatives: [[{ match: { op: '>=', left, right: exactly(from) } }]] };
  return { alternatives: [[{ match: { op: '==', left, right: { range: [exactly(from), exactly(to)] } } }]] };
}

const someCounted: NftStatement = { match: { op: '>=', left: { ct: { key: 'packets' } }, right: 1 } };

function exactly(bound: bigint): number {
  if (bound > BigInt(Number.MAX_SAFE_INTEGER)) cannotExpress(`connbytes: ${bound} is more than JSON's numbers hold`);
  return Number(bound);
}

/** Bits of both directions that are counted together. */
const counted = [1, 2, 3] as const;

function countLook({ from, to, what, direction }: ConnbytesInfo): Look {
  return {
    kind: 'connectionCount',
    first: Number(from & 0xffffffffn),
    second: Number(from >> 32n),
    bytes: to,
    credit: what | ((counted[direction] ?? 0) << 8),
  };
}
