import { errno } from '../../protocol/errno.ts';
import { array, defineStruct, u8, u16, u32 } from '../../protocol/struct.ts';
import { type CheckContext, cannotExpress, defineTarget, refuse } from '../extension.ts';

const header = 'linux/netfilter/xt_set.h';
const xt_set_info_v0 = defineStruct('xt_set_info_v0', header, { index: u16, flags: array(u32, 7) });
const xt_set_info = defineStruct('xt_set_info', header, { index: u16, dim: u8, flags: u8 });
const both = { add_set: xt_set_info, del_set: xt_set_info } as const;
const xt_set_info_target_v0 = defineStruct('xt_set_info_target_v0', header, {
  add_set: xt_set_info_v0,
  del_set: xt_set_info_v0,
});
const xt_set_info_target_v1 = defineStruct('xt_set_info_target_v1', header, both);
const xt_set_info_target_v2 = defineStruct('xt_set_info_target_v2', header, { ...both, flags: u32, timeout: u32 });
const xt_set_info_target_v3 = defineStruct('xt_set_info_target_v3', header, {
  ...both,
  map_set: xt_set_info,
  flags: u32,
  timeout: u32,
});

/** IPSET_INVALID_ID: no set. */
const NONE = 0xffff;
/** IPSET_DIM_MAX */
const DIMENSIONS = 6;
/** IPSET_SRC, IPSET_DST, of revision 0. */
const SOURCE = 1;
const DESTINATION = 2;
/** UINT32_MAX: none given. */
const NO_TIMEOUT = 0xffffffff;
/** IPSET_FLAG_* */
const EXIST = 1 << 0;
const MAP_MARK = 1 << 8;
const MAP_PRIORITY = 1 << 9;
const MAP_QUEUE = 1 << 10;
/** FORWARD, OUTPUT, POSTROUTING: where a packet has a device to leave by. */
const LEAVING = (1 << 2) | (1 << 3) | (1 << 4);

const WHY = 'SET: the sets of ipset are not those of nft';

/** A set, and which of a packet's ends its dimensions are. */
export interface SetUse {
  /** ipset's number for it. */
  readonly index: number;
  readonly dim: number;
  /** Bit i (from 1 on): dimension i is the source's. Bit 0: inverted. */
  readonly flags: number;
}

export interface SetTargetInfo {
  readonly add: SetUse;
  readonly del: SetUse;
  /** Revision 3: its entry's mark, priority or queue becomes the packet's. */
  readonly map: SetUse;
  readonly flags: number;
  /** Seconds. */
  readonly timeout: number;
  /** Revision 0: the words behind `add` and `del`. */
  readonly words?: { readonly add: OldWords; readonly del: OldWords };
}

/** xt_set_info_v0.u: a word for each dimension, and what the kernel keeps behind them. */
type OldWords = ReturnType<typeof xt_set_info_v0.read>['flags'];

const noSet: SetUse = { index: NONE, dim: 0, flags: 0 };

/** SET, revisions 0 to 3 (net/netfilter/xt_set.c; libxt_SET.c): adds to ipset's sets, deletes from them, maps by them. */
export const setTarget = defineTarget<SetTargetInfo>({
  name: 'SET',
  revisions: {
    0: {
      size: xt_set_info_target_v0.size,
      decode(data) {
        const { add_set, del_set } = xt_set_info_target_v0.read(data);
        const words = { add: add_set.flags, del: del_set.flags };
        return { add: oldUse(add_set), del: oldUse(del_set), map: noSet, flags: 0, timeout: NO_TIMEOUT, words };
      },
      encode: ({ add, del, words }) =>
        xt_set_info_target_v0.write({
          add_set: { index: add.index, flags: words?.add ?? oldWords(add) },
          del_set: { index: del.index, flags: words?.del ?? oldWords(del) },
        }),
    },
    1: {
      size: xt_set_info_target_v1.size,
      decode(data) {
        const { add_set: add, del_set: del } = xt_set_info_target_v1.read(data);
        return { add, del, map: noSet, flags: 0, timeout: NO_TIMEOUT };
      },
      encode: ({ add, del }) => xt_set_info_target_v1.write({ add_set: add, del_set: del }),
    },
    2: {
      size: xt_set_info_target_v2.size,
      decode(data) {
        const { add_set: add, del_set: del, ...rest } = xt_set_info_target_v2.read(data);
        return { add, del, map: noSet, ...rest };
      },
      encode: ({ add, del, flags, timeout }) =>
        xt_set_info_target_v2.write({ add_set: add, del_set: del, flags, timeout }),
    },
    3: {
      size: xt_set_info_target_v3.size,
      decode(data) {
        const { add_set: add, del_set: del, map_set: map, ...rest } = xt_set_info_target_v3.read(data);
        return { add, del, map, ...rest };
      },
      encode: ({ add, del, map, flags, timeout }) =>
        xt_set_info_target_v3.write({ add_set: add, del_set: del, map_set: map, flags, timeout }),
    },
  },
  coverage: { none: WHY },
  // every one wants a set that ipset made
  examples: [],
  placement: {},
  check,
  print: (info) => texts(info, ''),
  save: (info) => texts(info, '--'),
  asksTableName: ({ map }) => map.index !== NONE,
  nft: () => cannotExpress(WHY),
});

/** Which sets there are only the kernel knows: it answers ENOENT for one that isn't. */
function check({ add, del, map, flags, words }: SetTargetInfo, { table, hooks }: CheckContext): void {
  if (map.index !== NONE) {
    if (table !== 'mangle') refuse('SET: --map-set wants table mangle');
    if ((flags & (MAP_PRIORITY | MAP_QUEUE)) !== 0 && (hooks & ~LEAVING) !== 0)
      refuse('SET: priorities and queues can be mapped in FORWARD, OUTPUT and POSTROUTING only');
  }
  const isTooDeep = words === undefined ? tooDeep : (_: SetUse, at: number) => isFull([words.add, words.del][at]);
  if ([add, del, map].some(isTooDeep)) refuse('SET: more dimensions than there are', errno.ERANGE);
}

function tooDeep({ dim }: SetUse): boolean {
  return dim > DIMENSIONS;
}

/** Revision 0 has a dimension less. */
function isFull(words: OldWords | undefined): boolean {
  return (words?.[DIMENSIONS - 1] ?? 0) !== 0;
}

/** As compat_flags (net/netfilter/xt_set.c) reads the words: one for each dimension, up to a 0. */
function oldUse({ index, flags: words }: { readonly index: number; readonly flags: readonly number[] }): SetUse {
  const end = words.indexOf(0);
  const used = words.slice(0, Math.min(end === -1 ? DIMENSIONS : end, DIMENSIONS));
  const flags = used.reduce((sum, word, at) => sum | ((word & SOURCE) === 0 ? 0 : 2 << at), 0);
  return { index, dim: used.length, flags };
}

/** IPSET_SRC or IPSET_DST for each dimension. */
function oldWords({ dim, flags }: SetUse): OldWords {
  const word = (at: number): number => (at >= dim ? 0 : (flags & (2 << at)) === 0 ? DESTINATION : SOURCE);
  return [word(0), word(1), word(2), word(3), word(4), word(5), 0];
}

function texts({ add, del, map, flags, timeout }: SetTargetInfo, before: string): string {
  const option = (flag: number, name: string): string => ((flags & flag) === 0 ? '' : ` ${before}${name}`);
  return [
    useText(add, `${before}add-set`),
    option(EXIST, 'exist'),
    timeout === NO_TIMEOUT ? '' : ` ${before}timeout ${timeout}`,
    useText(del, `${before}del-set`),
    useText(map, `${before}map-set`),
    option(MAP_MARK, 'map-mark'),
    option(MAP_PRIORITY, 'map-prio'),
    option(MAP_QUEUE, 'map-queue'),
  ].join('');
}

/** The set by its number: its name only ipset knows, which iptables asks. */
function useText({ index, dim, flags }: SetUse, option: string): string {
  if (index === NONE) return '';
  const ends = Array.from({ length: dim }, (_, at) => ((flags & (2 << at)) === 0 ? 'dst' : 'src'));
  return ` ${option} #${index}${ends.length === 0 ? '' : ` ${ends.join(',')}`}`;
}
