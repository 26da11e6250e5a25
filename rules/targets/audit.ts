import { errno } from '../../protocol/errno.ts';
import { defineStruct, u8 } from '../../protocol/struct.ts';
import { defineTarget, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_audit_info = defineStruct('xt_audit_info', 'linux/netfilter/xt_AUDIT.h', { type: u8 });

/** XT_AUDIT_TYPE_*, by number. */
const types: readonly string[] = ['accept', 'drop', 'reject'];

export interface AuditTargetInfo {
  /** What becomes of the packet, for those who read the rule: the kernel's record doesn't tell it. */
  readonly type: number;
}

/** AUDIT, revision 0 (net/netfilter/xt_AUDIT.c; libxt_AUDIT.c): a record for the audit daemon, as `log level audit` of nft_log.c. */
export const auditTarget = defineTarget<AuditTargetInfo>({
  name: 'AUDIT',
  revisions: { 0: structRevision(xt_audit_info) },
  coverage: 'all',
  examples: ['-j AUDIT --type {accept|drop|reject}'],
  placement: { anyFamily: true },
  check({ type }) {
    if (types[type] === undefined) refuse(`AUDIT: unknown type ${type}`, errno.ERANGE);
  },
  print: ({ type }) => ` AUDIT ${types[type] ?? ''}`,
  save: ({ type }) => (types[type] === undefined ? '' : ` --type ${types[type]}`),
  nft: () => ({ statements: [{ log: { level: 'audit' } }] }),
});
