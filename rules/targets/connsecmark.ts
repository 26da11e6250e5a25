import { defineStruct, u8 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_connsecmark_target_info = defineStruct('xt_connsecmark_target_info', 'linux/netfilter/xt_CONNSECMARK.h', {
  mode: u8,
});

/** CONNSECMARK_SAVE, CONNSECMARK_RESTORE. */
const words: Readonly<Record<number, string>> = { 1: 'save', 2: 'restore' };
const WHY = 'CONNSECMARK: it copies a mark only where there is none yet, and nft can copy but not look';

export interface ConnsecmarkTargetInfo {
  /** 1 packet to connection, 2 connection to packet. */
  readonly mode: number;
}

/** CONNSECMARK, revision 0 (net/netfilter/xt_CONNSECMARK.c; libxt_CONNSECMARK.c): security marks between packet and connection. */
export const connsecmarkTarget = defineTarget<ConnsecmarkTargetInfo>({
  name: 'CONNSECMARK',
  revisions: { 0: structRevision(xt_connsecmark_target_info) },
  coverage: { none: WHY },
  examples: ['-j CONNSECMARK --save', '-j CONNSECMARK --restore'],
  placement: { table: ['mangle', 'security'] },
  check({ mode }) {
    if (words[mode] === undefined) refuse(`CONNSECMARK: unknown mode ${mode}`);
  },
  print: ({ mode }) => ` CONNSECMARK ${words[mode] ?? ''}`,
  save: ({ mode }) => ` --${words[mode] ?? ''}`,
  nft: () => cannotExpress(WHY),
});
