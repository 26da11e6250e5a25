import type { NftXt } from '../json.ts';
import { expression } from './expression.ts';
import { compatAttribute, ruleAttribute } from './numbers.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';

/** NFTA_MATCH_* and NFTA_TARGET_* (linux/netfilter/nf_tables_compat.h) are the same. */
const extensionAttribute = { name: 1, revision: 2, info: 3 } as const;

/** The kernel's own match or target, with the bytes that stand behind its header in the blob. */
export function writeXt(writer: MessageWriter, { kind, name, revision, info }: NftXt): void {
  expression(writer, kind, () => {
    writer.text(extensionAttribute.name, name);
    writer.u32(extensionAttribute.revision, revision);
    writer.binary(extensionAttribute.info, bytesOf(name, info));
  });
}

function bytesOf(name: string, hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length * 2 === hex.length ? bytes : unsupported(`${name}: "${hex}" is not hexadecimal`);
}

const INVERTED = 2; // NFT_RULE_COMPAT_F_INV

/** The rule's -p, for extensions that are bound to a protocol (NFTA_RULE_COMPAT). Refuses two that differ. */
export function writeCompat(writer: MessageWriter, steps: readonly Step[]): void {
  let told: NftXt | undefined;
  for (const step of steps) {
    if (step.kind !== 'xt' || step.xt.protocol === undefined) continue;
    const { protocol, protocolInverted } = step.xt;
    if (told !== undefined && (told.protocol !== protocol || told.protocolInverted !== protocolInverted))
      unsupported(`extensions ${told.name} and ${step.xt.name} with different protocols`);
    told = step.xt;
  }
  if (told?.protocol === undefined) return;
  const start = writer.open(ruleAttribute.compat);
  writer.u32(compatAttribute.protocol, told.protocol);
  writer.u32(compatAttribute.flags, told.protocolInverted === true ? INVERTED : 0);
  writer.close(start);
}
