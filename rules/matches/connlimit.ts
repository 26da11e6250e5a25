import { be32, bytes, defineStruct, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

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

const reason =
  "nft's counts are per address only, the kernel's per address and conntrack zone; and a set of nft's has a largest size";

/**
 * `-m connlimit`: how many connections an address, or a network, has (net/netfilter/xt_connlimit.c,
 * extensions/libxt_connlimit.c). The kernel takes any flags.
 */
export const connlimit = defineMatch<ConnlimitInfo>({
  name: 'connlimit',
  revisions: { 1: structRevision(xt_connlimit_info) },
  coverage: { none: reason },
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
  nft: () => cannotExpress(`connlimit: ${reason}`),
});

/** The ones that the mask begins with (count_bits4). */
function ones(mask: number): number {
  return Math.clz32(~mask);
}
