import { defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { isTracked } from '../conntrack/bpf-tests.ts';
import { presentStates, stateIn } from '../conntrack/state.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import type { TableName } from '../ir.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_connmark_mtinfo1 = defineStruct('xt_connmark_mtinfo1', 'linux/netfilter/xt_connmark.h', {
  mark: u32,
  mask: u32,
  invert: u8,
});

/** `invert`: a byte that the kernel XORs with the comparison's 0 or 1. */
export type ConnmarkInfo = ValueOf<typeof xt_connmark_mtinfo1>;

/**
 * connmark, revision 1 (net/netfilter/xt_connmark.c, connmark_mt; libxt_connmark.c): bits of the connection's
 * mark. Packets without a connection never match, inverted or not.
 */
export const connmark = defineMatch<ConnmarkInfo>({
  name: 'connmark',
  revisions: { 1: structRevision(xt_connmark_mtinfo1) },
  coverage: { partly: ['table raw, where a rule may meet a template of CT'] },
  examples: ['-m connmark {|!} --mark {mark}', '-m connmark {|!} --mark {mark}/{mark}'],
  placement: { anyFamily: true },
  check() {}, // the kernel only switches connection tracking on
  print: (info) => ` connmark match ${info.invert === 0 ? '' : '!'}${valueText(info)}`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --mark${valueText(info)}`,
  nft: (info, { table }) => ({ alternatives: [[markTest(info, table)]] }),
  bpf: ({ mark, mask, invert }) => ({
    groups: [[isTracked], ...(invert > 1 ? [] : bitsGroups('connmark', mask, mark, invert === 1))],
  }),
});

function valueText({ mark, mask }: ConnmarkInfo): string {
  const value = ` 0x${mark.toString(16)}`;
  return mask === 0xffffffff ? value : `${value}/0x${mask.toString(16)}`;
}

const anyConnection = stateIn(presentStates);
/** Looks at the state all the same, which switches connection tracking on as the kernel's match does. */
const never = stateIn([]);

function markTest({ mark, mask, invert }: ConnmarkInfo, table: TableName): NftStatement {
  // 2 and above stay true, whatever bit 0 becomes
  if (invert > 1) return anyConnection;
  const inverted = invert === 1;
  // the mark is compared whole: bits outside of the mask can't be met
  if ((mark & ~mask) !== 0) return inverted ? anyConnection : never;
  if (mask === 0) return inverted ? never : anyConnection;
  // a template has a mark, which a CONNMARK in raw may even have set, but nft reads none in it and ends the rule
  if (table === 'raw') cannotExpress('connmark: in table raw nft reads no templates of CT');
  const key: NftExpression = { ct: { key: 'mark' } };
  const left: NftExpression = mask === 0xffffffff ? key : { '&': [key, mask] };
  return { match: { op: inverted ? '!=' : '==', left, right: mark } };
}
