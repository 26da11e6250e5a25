import { errno } from '../../protocol/errno.ts';
import { defineStruct, u8 } from '../../protocol/struct.ts';
import { defineTarget, refuse } from '../extension.ts';
import { setIpField } from '../nft/ip-field.ts';
import { structRevision } from '../struct-revision.ts';

const xt_DSCP_info = defineStruct('xt_DSCP_info', 'linux/netfilter/xt_DSCP.h', { dscp: u8 });

/** XT_DSCP_MAX */
const HIGHEST = 0x3f;
/** XT_DSCP_SHIFT */
const SHIFT = 2;

export interface DscpTargetInfo {
  readonly dscp: number;
}

/** DSCP, revision 0 (net/netfilter/xt_DSCP.c, dscp_tg; libxt_DSCP.c): the first six bits of the TOS byte. */
export const dscpTarget = defineTarget<DscpTargetInfo>({
  name: 'DSCP',
  revisions: { 0: structRevision(xt_DSCP_info) },
  coverage: 'all',
  examples: ['-j DSCP --set-dscp {dscp}', '-j DSCP --set-dscp-class {EF|BE|CS1|CS7|AF11|AF43}'],
  placement: { table: 'mangle' },
  check({ dscp }) {
    if (dscp > HIGHEST) refuse(`DSCP: wanted a value up to ${HIGHEST}, found ${dscp}`, errno.EDOM);
  },
  print: (info) => ` DSCP set ${hex(info)}`,
  save: (info) => ` --set-dscp ${hex(info)}`,
  nft: ({ dscp }) => ({ statements: setIpField('dscp', dscp << SHIFT) }),
});

function hex({ dscp }: DscpTargetInfo): string {
  return `0x${dscp.toString(16).padStart(2, '0')}`;
}
