import { bytes, defineStruct, u8, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';

const CONTEXT_ROOM = 256;
const header = 'linux/netfilter/xt_SECMARK.h';
const xt_secmark_target_info = defineStruct('xt_secmark_target_info', header, {
  mode: u8,
  secid: u32,
  secctx: bytes(CONTEXT_ROOM),
});
const xt_secmark_target_info_v1 = defineStruct('xt_secmark_target_info_v1', header, {
  mode: u8,
  secctx: bytes(CONTEXT_ROOM),
  secid: u32,
});

/** SECMARK_MODE_SEL */
const SELINUX = 1;
const WHY = 'SECMARK: which contexts there are only the kernel knows';

export interface SecmarkTargetInfo {
  /** 1: a context of the security module. */
  readonly mode: number;
  /** The kernel's number for it. */
  readonly secid: number;
  /** Its text ends at the first NUL, or, the kernel sees to that, with the last byte but one. */
  readonly secctx: Uint8Array;
}

/** SECMARK, revisions 0 and 1 (net/netfilter/xt_SECMARK.c; libxt_SECMARK.c): the packet's security mark. */
export const secmarkTarget = defineTarget<SecmarkTargetInfo>({
  name: 'SECMARK',
  revisions: { 0: structRevision(xt_secmark_target_info), 1: structRevision(xt_secmark_target_info_v1) },
  coverage: { none: WHY },
  examples: ['-j SECMARK --selctx system_u:object_r:firewalld_exec_t:s0'],
  placement: { table: ['mangle', 'security'] },
  // a context that no security module knows is told by the kernel: ENOENT
  check({ mode }) {
    if (mode !== SELINUX) refuse(`SECMARK: unknown mode ${mode}`);
  },
  print: (info) => ` SECMARK ${contextText(info)}`,
  save: (info) => ` --${contextText(info)}`,
  nft: () => cannotExpress(WHY),
});

function contextText({ secctx }: SecmarkTargetInfo): string {
  return `selctx ${cText(secctx)}`;
}
