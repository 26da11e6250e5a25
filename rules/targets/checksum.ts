import { defineStruct, u8 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_CHECKSUM_info = defineStruct('xt_CHECKSUM_info', 'linux/netfilter/xt_CHECKSUM.h', { operation: u8 });

/** XT_CHECKSUM_OP_FILL */
const FILL = 1;
const WHY = 'CHECKSUM: nft has no statement that works out a checksum';

export interface ChecksumTargetInfo {
  readonly operation: number;
}

/** CHECKSUM, revision 0 (net/netfilter/xt_CHECKSUM.c; libxt_CHECKSUM.c): fills in the checksum that a device was to work out. */
export const checksumTarget = defineTarget<ChecksumTargetInfo>({
  name: 'CHECKSUM',
  revisions: { 0: structRevision(xt_CHECKSUM_info) },
  coverage: { none: WHY },
  examples: ['-j CHECKSUM --checksum-fill', '-p udp -j CHECKSUM --checksum-fill'],
  placement: { table: 'mangle' },
  check({ operation }) {
    if (operation !== FILL) refuse(`CHECKSUM: unknown operation 0x${operation.toString(16)}`);
  },
  print: ({ operation }) => ` CHECKSUM${(operation & FILL) === 0 ? '' : ' fill'}`,
  save: ({ operation }) => ((operation & FILL) === 0 ? '' : ' --checksum-fill'),
  nft: () => cannotExpress(WHY),
});
