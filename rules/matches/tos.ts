import { defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { defineMatch } from '../extension.ts';
import { serviceBits } from '../ports/type-of-service.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tos_match_info = defineStruct('xt_tos_match_info', 'linux/netfilter/xt_dscp.h', {
  tos_mask: u8,
  tos_value: u8,
  invert: u8,
});

export type TosInfo = ValueOf<typeof xt_tos_match_info>;

/** Names of iptables for values under the mask 0x3f (extensions/tos_values.c). */
const names: ReadonlyMap<number, string> = new Map([
  [0x10, 'Minimize-Delay'],
  [0x08, 'Maximize-Throughput'],
  [0x04, 'Maximize-Reliability'],
  [0x02, 'Minimize-Cost'],
  [0x00, 'Normal-Service'],
]);
const NAMED_MASK = 0x3f;

/** `-m tos`, revision 1 (net/netfilter/xt_dscp.c, tos_mt; extensions/libxt_tos.c): bits of the type of service. */
export const tos = defineMatch<TosInfo>({
  name: 'tos',
  revisions: { 1: structRevision(xt_tos_match_info) },
  coverage: 'all',
  examples: ['-m tos {|!} --tos {tos}', '-m tos {|!} --tos {tos}/{tos}'],
  placement: {},
  check() {},

  // "tos match!0x10/0xff" has no space, a name has one of its own
  print({ tos_mask, tos_value, invert }, { numeric }) {
    const name = numeric || tos_mask !== NAMED_MASK ? undefined : names.get(tos_value);
    const value = name === undefined ? `${hex(tos_value)}/${hex(tos_mask)}` : ` ${name}`;
    return ` tos match${invert === 0 ? '' : '!'}${value}`;
  },

  save: ({ tos_mask, tos_value, invert }) => `${invert === 0 ? '' : ' !'} --tos ${hex(tos_value)}/${hex(tos_mask)}`,

  nft({ tos_mask, tos_value, invert }) {
    const condition = serviceBits(tos_mask, tos_value, invert !== 0);
    return { alternatives: condition === 'never' ? [] : [condition] };
  },
  bpf: ({ tos_mask, tos_value, invert }) => ({ groups: bitsGroups('tos', tos_mask, tos_value, invert !== 0) }),
});

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
