import { defineStruct, u8 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { setIpField } from '../nft/ip-field.ts';
import { structRevision } from '../struct-revision.ts';

const ipt_TTL_info = defineStruct('ipt_TTL_info', 'linux/netfilter_ipv4/ipt_TTL.h', { mode: u8, ttl: u8 });

/** IPT_TTL_SET, IPT_TTL_INC, IPT_TTL_DEC: by number; iptables' words for them. */
const modes = [
  { option: 'set', words: 'set to' },
  { option: 'inc', words: 'increment by' },
  { option: 'dec', words: 'decrement by' },
] as const;
const SET = 0;

export interface TtlTargetInfo {
  /** 0 set, 1 increment, 2 decrement: the sum stays within 0 and 255. */
  readonly mode: number;
  readonly ttl: number;
}

/** TTL, revision 0 (net/netfilter/xt_HL.c, ttl_tg; libipt_TTL.c): the time to live of an IPv4 packet. */
export const ttlTarget = defineTarget<TtlTargetInfo>({
  name: 'TTL',
  revisions: { 0: structRevision(ipt_TTL_info) },
  coverage: { partly: ['--ttl-inc and --ttl-dec: nft writes only constants to the field'] },
  examples: ['-j TTL --ttl-set {ttl}', '-j TTL --ttl-inc {1-255}', '-j TTL --ttl-dec {1-255}'],
  placement: { table: 'mangle' },
  check({ mode, ttl }) {
    if (mode >= modes.length) refuse(`TTL: unknown mode ${mode}`);
    if (mode !== SET && ttl === 0) refuse('TTL: a change by 0');
  },
  print: ({ mode, ttl }) => ` TTL ${modes[mode]?.words ?? ''} ${ttl}`,
  save: ({ mode, ttl }) => `${modes[mode] === undefined ? '' : ` --ttl-${modes[mode].option}`} ${ttl}`,
  nft({ mode, ttl }) {
    if (mode !== SET) return cannotExpress('TTL: nft sets the field only to a constant');
    return { statements: setIpField('ttl', ttl) };
  },
});
