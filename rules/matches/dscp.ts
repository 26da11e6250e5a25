import { errno } from '../../protocol/errno.ts';
import { defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { defineMatch, refuse } from '../extension.ts';
import { serviceBits } from '../ports/type-of-service.ts';
import { structRevision } from '../struct-revision.ts';

const xt_dscp_info = defineStruct('xt_dscp_info', 'linux/netfilter/xt_dscp.h', {
  dscp: u8,
  invert: u8,
});

export type DscpInfo = ValueOf<typeof xt_dscp_info>;

const XT_DSCP_MAX = 0x3f;
const XT_DSCP_MASK = 0xfc;
const XT_DSCP_SHIFT = 2;

/** `-m dscp`: the upper six bits of the type of service (net/netfilter/xt_dscp.c, extensions/libxt_dscp.c). */
export const dscp = defineMatch<DscpInfo>({
  name: 'dscp',
  revisions: { 0: structRevision(xt_dscp_info) },
  coverage: 'all',
  examples: ['-m dscp {|!} --dscp {dscp}', '-m dscp {|!} --dscp-class {CS1|AF21|EF|BE}'],
  placement: {},
  check({ dscp }) {
    if (dscp > XT_DSCP_MAX) refuse(`dscp: ${dscp}, at most ${XT_DSCP_MAX} fits`, errno.EDOM);
  },
  print: ({ dscp, invert }) => ` DSCP match ${invert === 0 ? '' : '!'}${hex(dscp)}`,
  save: ({ dscp, invert }) => `${invert === 0 ? '' : ' !'} --dscp ${hex(dscp)}`,
  nft({ dscp, invert }) {
    const condition = serviceBits(XT_DSCP_MASK, dscp << XT_DSCP_SHIFT, invert !== 0);
    return { alternatives: condition === 'never' ? [] : [condition] };
  },
  bpf: ({ dscp, invert }) => ({ groups: bitsGroups('tos', XT_DSCP_MASK, dscp << XT_DSCP_SHIFT, invert !== 0) }),
});

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
