import { defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { rangeGroups } from '../bpf/groups.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import { numberTest } from '../ports/number-range.ts';
import { structRevision } from '../struct-revision.ts';

const xt_length_info = defineStruct('xt_length_info', 'linux/netfilter/xt_length.h', {
  min: u16,
  max: u16,
  invert: u8,
});

export type LengthInfo = ValueOf<typeof xt_length_info>;

/** `-m length`: the packet's length as its header says (net/netfilter/xt_length.c, extensions/libxt_length.c). */
export const length = defineMatch<LengthInfo>({
  name: 'length',
  revisions: { 0: structRevision(xt_length_info) },
  coverage: 'all',
  examples: ['-m length {|!} --length {length}', '-m length {|!} --length {lengthrange}'],
  placement: {},
  check() {},
  print: (info) => ` length ${info.invert === 0 ? '' : '!'}${rangeText(info)}`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --length ${rangeText(info)}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: ({ min, max, invert }) => ({
    groups: invert > 1 ? [] : rangeGroups(['length'], 0xffff, [{ min: Math.max(min, 1), max }], invert === 1),
  }),
});

function rangeText({ min, max }: LengthInfo): string {
  return min === max ? String(min) : `${min}:${max}`;
}

/**
 * A header says 0 only of a segment past 65,535 bytes ("BIG TCP"), which the kernel's match counts as it is
 * (skb_ip_totlen): in no range that can be asked for. Any other packet with it was dropped before.
 */
function alternatives({ min, max, invert }: LengthInfo): NftAlternatives {
  // a byte that the kernel XORs with 0 or 1: from 2 on the outcome is true either way
  if (invert > 1) return [[]];
  const field = { protocol: 'ip', field: 'length', limit: 0xffff };
  const condition = numberTest(field, [{ min: Math.max(min, 1), max }], invert === 1);
  return condition === 'never' ? [] : [condition];
}
