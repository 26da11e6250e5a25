import { be32, bytes, defineStruct, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { defineMatch, ownName } from '../extension.ts';
import type { NftExpression } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';
import { dottedQuad } from '../text/address.ts';

const xt_connlimit_info = defineStruct('xt_connlimit_info', 'linux/netfilter/xt_connlimit.h', {
  mask: be32,
  /** The rest of an IPv6 mask. */
  more: bytes(12),
  limit: u32,
  flags: u32,
  data: u64,
});

export type ConnlimitInfo = ValueOf<typeof xt_connlimit_info>;

/** XT_CONNLIMIT_* */
const INVERT = 1;
const DADDR = 2;

/** Addresses that a set of nft's has room for, as nft itself gives one whose size isn't told. */
const ROOM = 65_535;
const WHOLE_ADDRESS = 0xffff_ffff;

/**
 * `-m connlimit`: how many connections an address, or a network, has (net/netfilter/xt_connlimit.c,
 * extensions/libxt_connlimit.c). The kernel takes any flags.
 */
export const connlimit = defineMatch<ConnlimitInfo>({
  name: 'connlimit',
  revisions: { 1: structRevision(xt_connlimit_info) },
  coverage: {
    partly: [
      'conntrack zones (`-j CT --zone`): the kernel counts an address apart in each, nft alone all together',
      'when connections are seen to have ended: each second too, the kernel only when packets come',
      `more than ${ROOM} addresses at a time: the kernel counts any number, nft alone no others`,
    ],
  },
  examples: [
    '-m connlimit --connlimit-above {0-5}',
    '-m connlimit --connlimit-upto {0-5} --connlimit-mask {0-32} {--connlimit-saddr|--connlimit-daddr}',
  ],
  unpredictable: 'the kernel looks through the connections once a tick, and counts those twice that come within one',
  stateful: true,
  placement: {},
  check() {}, // the kernel only switches connection tracking on
  print: ({ mask, limit, flags }) =>
    ` #conn ${(flags & DADDR) === 0 ? 'src' : 'dst'}/${ones(mask)} ${(flags & INVERT) === 0 ? '>' : '<='} ${limit}`,
  save: ({ mask, limit, flags }) =>
    ` --connlimit-${(flags & INVERT) === 0 ? 'above' : 'upto'} ${limit} --connlimit-mask ${ones(mask)} ` +
    `--connlimit-${(flags & DADDR) === 0 ? 'saddr' : 'daddr'}`,

  // both count by nf_conncount.c, a packet without a connection by its own addresses and ports, and drop one that
  // has none
  nft: ({ mask, limit, flags }) => ({
    alternatives: [
      [
        {
          set: {
            op: 'add',
            elem: addressOf((flags & DADDR) === 0 ? 'saddr' : 'daddr', mask),
            set: `@${ownName('seen')}`,
            stmt: [{ 'ct count': { val: limit, ...((flags & INVERT) === 0 ? { inv: true } : {}) } }],
          },
        },
      ],
    ],
    objects: [{ tag: 'seen', body: { set: { type: 'ipv4_addr', size: ROOM } } }],
    stateful: true,
    secondBest: true,
  }),
  bpf: { none: 'the kernel counts connections in a tree of its own' },
});

function addressOf(field: string, mask: number): NftExpression {
  const whole = { payload: { protocol: 'ip', field } };
  return mask === WHOLE_ADDRESS ? whole : { '&': [whole, dottedQuad(mask)] };
}

/** The ones that the mask begins with (count_bits4). */
function ones(mask: number): number {
  return Math.clz32(~mask);
}
