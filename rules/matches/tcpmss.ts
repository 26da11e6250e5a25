import { defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tcpmss_match_info = defineStruct('xt_tcpmss_match_info', 'linux/netfilter/xt_tcpmss.h', {
  mss_min: u16,
  mss_max: u16,
  invert: u8,
});

export type TcpmssInfo = ValueOf<typeof xt_tcpmss_match_info>;

/**
 * `tcp option maxseg size` finds the same in whole options, but: ip_tables drops what has options cut off or
 * a data offset below 5, looks behind an MSS of another length than 4, and reads later fragments as headers.
 */
const REASON = 'ip_tables drops what has broken TCP options, looks on behind a broken MSS, and into later fragments';

/** Sizes have 16 bits. */
const NO_SIZE = 0x10000;

/** `-m tcpmss`: the greatest segment that TCP's header asks for (net/netfilter/xt_tcpmss.c, extensions/libxt_tcpmss.c). */
export const tcpmss = defineMatch<TcpmssInfo>({
  name: 'tcpmss',
  revisions: { 0: structRevision(xt_tcpmss_match_info) },
  coverage: { none: REASON },
  examples: ['-p tcp -m tcpmss {|!} --mss {u16}', '-p tcp -m tcpmss {|!} --mss {lengthrange}'],
  placement: { protocol: 6 },
  check() {},
  print: (info) => ` tcpmss match ${info.invert === 0 ? '' : '!'}${rangeText(info)}`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --mss ${rangeText(info)}`,
  nft: () => cannotExpress(`tcpmss: ${REASON}`),

  bpf({ mss_min, mss_max, invert }) {
    // a byte that the kernel XORs with 0 or 1: from 2 on the outcome is true either way
    const some = invert <= 1 && mss_min <= mss_max ? { first: mss_min, second: mss_max - mss_min } : { first: NO_SIZE };
    return { groups: [[{ kind: 'segmentSize', ...some, negated: invert !== 0 }]] };
  },
});

function rangeText({ mss_min, mss_max }: TcpmssInfo): string {
  return mss_min === mss_max ? String(mss_min) : `${mss_min}:${mss_max}`;
}
