import { defineStruct, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, ownName, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_quota_info = defineStruct('xt_quota_info', 'linux/netfilter/xt_quota.h', {
  flags: u32,
  pad: u32,
  quota: u64,
  master: u64,
});

/** `master` is the kernel's own pointer. */
export type QuotaInfo = ValueOf<typeof xt_quota_info>;

/** XT_QUOTA_INVERT */
const INVERT = 1;

/**
 * `-m quota`: packets as long as they fit in what is left of so many bytes, none from the first on that doesn't
 * (net/netfilter/xt_quota.c, extensions/libxt_quota.c). nft adds that first one to what it has counted, and all
 * later ones, so they are past the quota too. A packet that just fits passes in both (nft: since Linux 6.16).
 */
export const quota = defineMatch<QuotaInfo>({
  name: 'quota',
  revisions: { 0: structRevision(xt_quota_info) },
  coverage: { partly: ['from 2^53 bytes on; from 2^63 on nft by itself takes it for endless'] },
  examples: ['-m quota {|!} --quota {0-3000}'],
  stateful: true,
  placement: { anyFamily: true },

  check({ flags }) {
    if ((flags & ~INVERT) !== 0) refuse(`quota: unknown flags 0x${flags.toString(16)}`);
  },

  print: (info) => ` quota: ${info.quota} bytes`,
  save: (info) => `${(info.flags & INVERT) === 0 ? '' : ' !'} --quota ${info.quota}`,

  nft({ flags, quota: bytes }) {
    const isOver = (flags & INVERT) !== 0;
    // 2^63 bytes are more than two years of a terabit a second
    if (bytes >= 2n ** 63n) return { alternatives: isOver ? [] : [[]], secondBest: true };
    if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) cannotExpress(`quota: ${bytes} is more than JSON's numbers hold`);
    // no packet is empty
    if (bytes === 0n) return { alternatives: isOver ? [[]] : [] };
    const body = { quota: { bytes: Number(bytes), ...(isOver ? { inv: true } : {}) } } as const;
    return {
      alternatives: [[{ quota: ownName('bytes') }]],
      objects: [{ tag: 'bytes', body }],
      stateful: true,
    };
  },
  bpf: ({ flags, quota: bytes }) => ({ groups: [[{ kind: 'quota', bytes, negated: (flags & INVERT) !== 0 }]] }),
});
