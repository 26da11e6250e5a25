import { defineStruct, u16 } from '../../protocol/struct.ts';
import { type CheckContext, cannotExpress, defineTarget, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tcpmss_info = defineStruct('xt_tcpmss_info', 'linux/netfilter/xt_TCPMSS.h', { mss: u16 });

/** XT_TCPMSS_CLAMP_PMTU */
const CLAMP = 0xffff;
/** FORWARD, OUTPUT, POSTROUTING: where the packet has a route. */
const ROUTED = (1 << 2) | (1 << 3) | (1 << 4);
const IPPROTO_TCP = 6;

/** struct xt_tcp: where its flg_cmp and invflags stand, and the bits looked at (TCPHDR_SYN, XT_TCP_INV_FLAGS). */
const FLAGS_AT = 10;
const INVERTED_AT = 11;
const SYN = 0x02;
const NOT_FLAGS = 0x04;

const WHY = 'TCPMSS: it adds the option where a segment has none, and drops truncated headers; nft can do neither';

export interface TcpmssTargetInfo {
  /** 0xffff: what fits into the path's MTU, to and fro. */
  readonly mss: number;
}

/** TCPMSS, revision 0 (net/netfilter/xt_TCPMSS.c; libxt_TCPMSS.c): lowers the MSS option of SYN segments, or adds one. */
export const tcpmssTarget = defineTarget<TcpmssTargetInfo>({
  name: 'TCPMSS',
  revisions: { 0: structRevision(xt_tcpmss_info) },
  coverage: { none: WHY },
  examples: [
    '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss {0-65515}',
    '-p tcp --syn -j TCPMSS --set-mss {500-1500}',
    '-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu',
  ],
  placement: { protocol: IPPROTO_TCP },
  check({ mss }, context) {
    if (mss === CLAMP && (context.hooks & ~ROUTED) !== 0)
      refuse('TCPMSS: the path MTU is only known in FORWARD, OUTPUT and POSTROUTING');
    if (!asksForSyn(context)) refuse('TCPMSS: works on TCP SYN packets only (-p tcp --syn)');
  },
  print: ({ mss }) => (mss === CLAMP ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${mss}`),
  save: ({ mss }) => (mss === CLAMP ? ' --clamp-mss-to-pmtu' : ` --set-mss ${mss}`),
  nft: () => cannotExpress(WHY),
});

/** find_syn_match: whether one of the rule's tcp matches compares flags with SYN among them, not inverted. */
function asksForSyn({ matches = [] }: CheckContext): boolean {
  return matches.some(
    ({ name, data }) =>
      name === 'tcp' && ((data[FLAGS_AT] ?? 0) & SYN) !== 0 && ((data[INVERTED_AT] ?? 0) & NOT_FLAGS) === 0,
  );
}
