import { defineStruct, u8 } from '../../protocol/struct.ts';
import { defineTarget, type NftTarget, OWN_CHAIN } from '../extension.ts';
import { ipBits, setIpField } from '../nft/ip-field.ts';
import type { NftStatement } from '../nft/json.ts';
import { changeTosBits } from '../nft/tos-bits.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tos_target_info = defineStruct('xt_tos_target_info', 'linux/netfilter/xt_DSCP.h', {
  tos_value: u8,
  tos_mask: u8,
});

/** Names that iptables has for values under the mask 0x3f (tos_values.c). */
const symbols: Readonly<Record<number, string>> = {
  16: 'Minimize-Delay',
  8: 'Maximize-Throughput',
  4: 'Maximize-Reliability',
  2: 'Minimize-Cost',
  0: 'Normal-Service',
};
const SYMBOL_MASK = 0x3f;
const DSCP = 0xfc;
const ECN = 0x03;
/** Most rules that one TOS becomes if it can be the kernel's own, and most with constants. */
const MOST_RULES = 8;

export interface TosTargetInfo {
  readonly tos_value: number;
  readonly tos_mask: number;
}

/** TOS, revision 1 (net/netfilter/xt_DSCP.c, tos_tg; libxt_TOS.c): clears the mask's bits of the TOS byte, XORs the value in. */
export const tosTarget = defineTarget<TosTargetInfo>({
  name: 'TOS',
  revisions: { 1: structRevision(xt_tos_target_info) },
  coverage: {
    partly: [
      'changes that keep more than 3 bits beside those they set (most of --or-tos and --and-tos), and that invert bits (--xor-tos): nft by itself takes 3 to 33 rules',
    ],
  },
  examples: [
    '-j TOS --set-tos {Minimize-Delay|Maximize-Throughput|Maximize-Reliability|Minimize-Cost|Normal-Service}',
    '-j TOS --set-tos {tos}',
    '-j TOS --set-tos {u8}/{u8}',
    '-j TOS --and-tos {u8}',
    '-j TOS --or-tos {u8}',
    '-j TOS --xor-tos {u8}',
  ],
  placement: { table: 'mangle' },
  check() {},
  print: (info, { numeric }) => (numeric ? ` TOS ${setText(info)}` : words(info)),
  save: (info) => ` --set-tos ${valueText(info)}`,
  nft: (info) => change(info),
});

function words(info: TosTargetInfo): string {
  const { tos_value, tos_mask } = info;
  const symbol = tos_mask === SYMBOL_MASK ? symbols[tos_value] : undefined;
  // iptables has a space too many there, and one too few
  if (symbol !== undefined) return `  TOS set${symbol}`;
  if (tos_value === 0) return ` TOS and ${hex(~tos_mask & 0xff)}`;
  if (tos_value === tos_mask) return ` TOS or ${hex(tos_value)}`;
  if (tos_mask === 0) return ` TOS xor ${hex(tos_value)}`;
  return ` TOS ${setText(info)}`;
}

function setText(info: TosTargetInfo): string {
  return `set ${valueText(info)}`;
}

function valueText({ tos_value, tos_mask }: TosTargetInfo): string {
  return `${hex(tos_value)}/${hex(tos_mask)}`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

/**
 * nft writes constants only, and either the DSCP bits or the ECN bits or both. So there is a rule for each
 * value of the bits that are kept within the ones it writes. What one of them wrote no other one takes, as
 * long as those bits stay what they were. Where that would be many, or they don't: tos-bits.ts.
 */
function change({ tos_value: value, tos_mask: mask }: TosTargetInfo): NftTarget {
  const changed = mask | value;
  if (changed === 0) return { statements: [] };
  const written = ((changed & DSCP) === 0 ? 0 : DSCP) | ((changed & ECN) === 0 ? 0 : ECN);
  const field = written === DSCP ? 'dscp' : written === ECN ? 'ecn' : 'tos';
  const kept = written & ~mask;
  const olds = valuesWithin(kept);
  const rules = olds.map((old): readonly NftStatement[] => setIpField(field, (old ^ value) & written));
  const [only] = rules;
  if (rules.length === 1 && only !== undefined) return { statements: only };
  const statements: readonly NftStatement[] = [{ jump: { target: OWN_CHAIN } }];
  if (rules.length > MOST_RULES || (value & kept) !== 0)
    return { statements, chain: changeTosBits(mask, value), secondBest: true };
  return { statements, chain: rules.map((rule, at) => [ipBits(field, kept, olds[at] ?? 0), ...rule]) };
}

/** All values that have no bit outside of `bits`. */
function valuesWithin(bits: number): readonly number[] {
  return Array.from({ length: 0x100 }, (_, value) => value).filter((value) => (value & ~bits) === 0);
}
