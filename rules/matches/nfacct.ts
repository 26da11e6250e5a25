import { bytes, defineStruct, u64, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';
import { savedString } from '../text/saved-string.ts';

const xt_nfacct_match_info = defineStruct('xt_nfacct_match_info', 'linux/netfilter/xt_nfacct.h', {
  name: bytes(32), // NFACCT_NAME_MAX
  nfacct: u64,
});

/** `nfacct` is the kernel's own. */
export type NfacctInfo = ValueOf<typeof xt_nfacct_match_info>;

const reason = "nfacct's objects are a counter of their own, which nft doesn't reach";

/**
 * `-m nfacct`, revisions 0 and 1, which differ on 32-bit machines only (net/netfilter/xt_nfacct.c,
 * libxt_nfacct.c): counts into an object that `nfacct add` made. ENOENT without one: the kernel's answer when
 * the rule is loaded.
 */
export const nfacct = defineMatch<NfacctInfo>({
  name: 'nfacct',
  revisions: { 0: structRevision(xt_nfacct_match_info), 1: structRevision(xt_nfacct_match_info) },
  coverage: { none: reason },
  examples: ['-m nfacct --nfacct-name {nfacct}'],
  unpredictable: 'what counts is made outside of the tables',
  placement: { anyFamily: true },
  stateful: true,
  check() {},
  // two spaces: the string brings one of its own
  print: ({ name }) => ` nfacct-name ${savedString(cText(name))}`,
  save: ({ name }) => ` --nfacct-name ${savedString(cText(name))}`,
  nft: () => cannotExpress(`nfacct: ${reason}`),
  bpf: { none: "the kernel counts in objects of nfacct's" },
});
