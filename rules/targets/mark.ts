import { defineStruct, u32 } from '../../protocol/struct.ts';
import { defineTarget } from '../extension.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';

const xt_mark_tginfo2 = defineStruct('xt_mark_tginfo2', 'linux/netfilter/xt_mark.h', { mark: u32, mask: u32 });

export interface MarkTargetInfo {
  readonly mark: number;
  readonly mask: number;
}

/**
 * MARK, revision 2 (net/netfilter/xt_mark.c, mark_tg; libxt_MARK.c): clears the mask's bits of the
 * packet's mark, then XORs the value in.
 */
export const markTarget = defineTarget<MarkTargetInfo>({
  name: 'MARK',
  revisions: {
    2: {
      size: xt_mark_tginfo2.size,
      decode: (data) => xt_mark_tginfo2.read(data),
      encode: (info) => xt_mark_tginfo2.write(info),
    },
  },
  coverage: 'all',
  examples: [
    '-j MARK --set-mark {mark}',
    '-j MARK --set-xmark {mark}/{mark}',
    '-j MARK --and-mark {mark}',
    '-j MARK --or-mark {mark}',
    '-j MARK --xor-mark {mark}',
  ],
  placement: {},
  check() {},
  print: (info) => ` MARK ${operationText(info)}`,
  save: ({ mark, mask }) => ` --set-xmark ${hex(mark)}/${hex(mask)}`,
  nft: (info) => ({ statements: setMark(info) }),
});

/** The operation that `-L` makes of the two numbers (libxt_MARK.c, mark_tg_print): the first that fits. */
function operationText({ mark, mask }: MarkTargetInfo): string {
  if (mark === 0) return `and ${hex(~mask >>> 0)}`;
  if (mark === mask) return `or ${hex(mark)}`;
  if (mask === 0) return `xor ${hex(mark)}`;
  if (mask === 0xffffffff) return `set ${hex(mark)}`;
  return `xset ${hex(mark)}/${hex(mask)}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function setMark({ mark, mask }: MarkTargetInfo): readonly NftStatement[] {
  if (mark === 0 && mask === 0) return [];
  const key: NftExpression = { meta: { key: 'mark' } };
  return [{ mangle: { key, value: newMark(key, mark, mask) } }];
}

function newMark(key: NftExpression, mark: number, mask: number): NftExpression {
  if (mask === 0xffffffff) return mark;
  if (mark === mask) return { '|': [key, mark] };
  const kept: NftExpression = mask === 0 ? key : { '&': [key, ~mask >>> 0] };
  return mark === 0 ? kept : { '^': [kept, mark] };
}
