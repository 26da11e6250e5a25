import { defineStruct, u8, u32 } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import type { NftExpression } from '../nft/json.ts';

const xt_mark_mtinfo1 = defineStruct('xt_mark_mtinfo1', 'linux/netfilter/xt_mark.h', {
  mark: u32,
  mask: u32,
  invert: u8,
});

export interface MarkInfo {
  readonly mark: number;
  readonly mask: number;
  /** A byte that the kernel XORs with the comparison's 0 or 1. */
  readonly invert: number;
}

/** mark, revision 1 (net/netfilter/xt_mark.c, mark_mt; libxt_mark.c): bits of the packet's mark. */
export const mark = defineMatch<MarkInfo>({
  name: 'mark',
  revisions: {
    1: {
      size: xt_mark_mtinfo1.size,
      decode: (data) => xt_mark_mtinfo1.read(data),
      encode: (info) => xt_mark_mtinfo1.write(info),
    },
  },
  coverage: 'all',
  examples: ['-m mark {|!} --mark {mark}', '-m mark {|!} --mark {mark}/{mark}'],
  placement: { anyFamily: true },
  check() {},
  print: (info) => ` mark match${info.invert === 0 ? '' : ' !'}${valueText(info)}`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --mark${valueText(info)}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: ({ mark, mask, invert }) => ({ groups: invert > 1 ? [] : bitsGroups('mark', mask, mark, invert === 1) }),
});

function valueText({ mark, mask }: MarkInfo): string {
  const value = ` 0x${mark.toString(16)}`;
  return mask === 0xffffffff ? value : `${value}/0x${mask.toString(16)}`;
}

const always: NftAlternatives = [[]];
const never: NftAlternatives = [];

function alternatives({ mark, mask, invert }: MarkInfo): NftAlternatives {
  // 2 and above stay true, whatever bit 0 becomes.
  if (invert > 1) return always;
  const inverted = invert === 1;
  // The mark is compared whole: bits outside of the mask can't be met.
  if ((mark & ~mask) !== 0) return inverted ? always : never;
  if (mask === 0) return inverted ? never : always;
  const key: NftExpression = { meta: { key: 'mark' } };
  const left: NftExpression = mask === 0xffffffff ? key : { '&': [key, mask] };
  return [[{ match: { op: inverted ? '!=' : '==', left, right: mark } }]];
}
