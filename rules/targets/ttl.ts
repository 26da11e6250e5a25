import { defineStruct, u8 } from '../../protocol/struct.ts';
import { defineTarget, type NftTarget, OWN_CHAIN, refuse } from '../extension.ts';
import { ipByte, setIpField } from '../nft/ip-field.ts';
import { structRevision } from '../struct-revision.ts';

const ipt_TTL_info = defineStruct('ipt_TTL_info', 'linux/netfilter_ipv4/ipt_TTL.h', { mode: u8, ttl: u8 });

/** IPT_TTL_SET, IPT_TTL_INC, IPT_TTL_DEC: by number; iptables' words for them. */
const modes = [
  { option: 'set', words: 'set to' },
  { option: 'inc', words: 'increment by' },
  { option: 'dec', words: 'decrement by' },
] as const;
const SET = 0;
const INC = 1;
const MOST = 255;

export interface TtlTargetInfo {
  /** 0 set, 1 increment, 2 decrement: the sum stays within 0 and 255. */
  readonly mode: number;
  readonly ttl: number;
}

/** TTL, revision 0 (net/netfilter/xt_HL.c, ttl_tg; libipt_TTL.c): the time to live of an IPv4 packet. */
export const ttlTarget = defineTarget<TtlTargetInfo>({
  name: 'TTL',
  revisions: { 0: structRevision(ipt_TTL_info) },
  coverage: { partly: ['--ttl-inc and --ttl-dec: nft writes only constants to the field, which takes it 255 rules'] },
  examples: ['-j TTL --ttl-set {ttl}', '-j TTL --ttl-inc {1-255}', '-j TTL --ttl-dec {1-255}'],
  placement: { table: 'mangle' },
  check({ mode, ttl }) {
    if (mode >= modes.length) refuse(`TTL: unknown mode ${mode}`);
    if (mode !== SET && ttl === 0) refuse('TTL: a change by 0');
  },
  print: ({ mode, ttl }) => ` TTL ${modes[mode]?.words ?? ''} ${ttl}`,
  save: ({ mode, ttl }) => `${modes[mode] === undefined ? '' : ` --ttl-${modes[mode].option}`} ${ttl}`,
  nft: (info) => (info.mode === SET ? { statements: setIpField('ttl', info.ttl) } : step(info)),
});

/**
 * nft writes constants only: so a rule for each TTL that changes. What one of them wrote none behind it takes,
 * since they stand in the order that leads away from where the change goes.
 */
function step({ mode, ttl }: TtlTargetInfo): NftTarget {
  const changes = mode === INC ? upwards(ttl) : downwards(ttl);
  const chain = changes.map(([from, to]) => [ipByte('ttl', from), ...setIpField('ttl', to)]);
  return { statements: [{ jump: { target: OWN_CHAIN } }], chain, secondBest: true };
}

/** Each TTL below the highest and what it becomes, the highest first. */
function upwards(by: number): readonly (readonly [number, number])[] {
  return Array.from({ length: MOST }, (_, at) => [MOST - 1 - at, Math.min(MOST - 1 - at + by, MOST)] as const);
}

/** Each TTL above 0 and what it becomes, the lowest first. */
function downwards(by: number): readonly (readonly [number, number])[] {
  return Array.from({ length: MOST }, (_, at) => [at + 1, Math.max(at + 1 - by, 0)] as const);
}
