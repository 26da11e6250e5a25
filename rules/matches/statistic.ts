import { defineStruct, u16, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, type NftMatch, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_statistic_info = defineStruct('xt_statistic_info', 'linux/netfilter/xt_statistic.h', {
  mode: u16,
  flags: u16,
  /** A union: the probability in random mode. */
  every: u32,
  packet: u32,
  count: u32,
  master: u64,
});

/** `every` is one less than iptables' option, or the probability in 1/2^31; `master` the kernel's own pointer. */
export type StatisticInfo = ValueOf<typeof xt_statistic_info>;

/** XT_STATISTIC_MODE_* and XT_STATISTIC_INVERT. */
const RANDOM = 0;
const NTH = 1;
const INVERT = 1;

/** The kernel rolls 31 bits. */
const CERTAIN = 2 ** 31;

/** `-m statistic`: some packets of many, by chance or in turn (net/netfilter/xt_statistic.c, libxt_statistic.c). */
export const statistic = defineMatch<StatisticInfo>({
  name: 'statistic',
  revisions: { 0: structRevision(xt_statistic_info) },
  coverage: { partly: ['`--every 4294967296`', 'nth in a rule that nft needs several of'] },
  examples: [
    '-m statistic --mode random {|!} --probability 0.{1-9}',
    '-m statistic --mode nth {|!} --every {3-9} --packet {0-2}',
  ],
  unpredictable: 'random mode',
  stateful: true,
  placement: { anyFamily: true },

  check({ mode, flags }) {
    if (mode > NTH || (flags & ~INVERT) !== 0)
      refuse(`statistic: unknown mode ${mode} or flags 0x${flags.toString(16)}`);
  },

  print: (info) => ` statistic${optionsText(info, '')}`,
  save: (info) => optionsText(info, '--'),
  nft: (info) => (info.mode === RANDOM ? byChance(info) : inTurn(info)),

  bpf({ mode, flags, every, count }) {
    const negated = (flags & INVERT) !== 0;
    return {
      groups: [
        [
          mode === RANDOM
            ? { kind: 'random', first: every, negated }
            : { kind: 'nth', first: every, second: count, negated },
        ],
      ],
    };
  },
});

function optionsText({ mode, flags, every, packet }: StatisticInfo, prefix: '' | '--'): string {
  const bang = (flags & INVERT) === 0 ? '' : ' !';
  if (mode === RANDOM) return ` ${prefix}mode random${bang} ${prefix}probability ${probabilityText(every)}`;
  if (mode !== NTH) return '';
  const first = packet === 0 && prefix === '' ? '' : ` ${prefix}packet ${packet}`;
  return ` ${prefix}mode nth${bang} ${prefix}every ${(every + 1) >>> 0}${first}`;
}

/** 11 decimals, a tie to the even digit, as C's printf has it. */
function probabilityText(probability: number): string {
  const scaled = BigInt(probability) * 10n ** 11n;
  const rest = scaled % BigInt(CERTAIN);
  const half = BigInt(CERTAIN / 2);
  const down = scaled / BigInt(CERTAIN);
  const digits = rest > half || (rest === half && down % 2n === 1n) ? down + 1n : down;
  return `${digits / 10n ** 11n}.${`${digits % 10n ** 11n}`.padStart(11, '0')}`;
}

/** nft scales 32 random bits to the range it is asked for: to 2^31 that is 31 of them, as in the kernel's match. */
function byChance({ every: probability, flags }: StatisticInfo): NftMatch {
  const inverted = (flags & INVERT) !== 0;
  if (probability === 0 || probability >= CERTAIN)
    return { alternatives: (probability === 0) === inverted ? [[]] : [] };
  const left = { numgen: { mode: 'random', mod: CERTAIN, offset: 0 } } as const;
  return { alternatives: [[{ match: { op: inverted ? '>=' : '<', left, right: probability } }]] };
}

/**
 * The kernel counts from `count` up to `every`, then takes a packet and starts from 0: the first time it takes
 * the packet of number `every - count`, from 0 on. nft counts 0, 1, … `every`, 0, …
 */
function inTurn({ every, count, flags }: StatisticInfo): NftMatch {
  const inverted = (flags & INVERT) !== 0;
  if (count > every) cannotExpress(`statistic: it begins with ${count}, past the last packet of its turn`);
  if (every === 0) return { alternatives: inverted ? [] : [[]] };
  if (every === 0xffffffff) cannotExpress("statistic: nft's turns have at most 4,294,967,295 packets");
  const left = { numgen: { mode: 'inc', mod: every + 1, offset: 0 } } as const;
  return {
    alternatives: [[{ match: { op: inverted ? '!=' : '==', left, right: every - count } }]],
    stateful: true,
  };
}
