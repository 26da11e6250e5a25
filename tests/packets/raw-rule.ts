import { Buffer } from 'node:buffer';
import type { MatchUse, Rule, TargetUse } from '../../rules/ir.ts';
import { findMatch } from '../../rules/registry.ts';
import { anyHeader } from '../../rules/testing/header.ts';

/** A rule that iptables has no words for, as JSON: it counts. */
export interface RawRule {
  readonly protocol?: number;
  /** IPT_F_* and IPT_INV_*. */
  readonly flags?: number;
  readonly inverted?: number;
  readonly matches: readonly { readonly name: string; readonly revision: number; readonly hex: string }[];
}

/** A match whose struct holds anything; `info` is what its definition encodes. */
export function rawMatch(name: string, revision: number, info: unknown): RawRule['matches'][number] {
  const bytes = findMatch(name, revision).revision.encode(info);
  return { name, revision, hex: Buffer.from(bytes).toString('hex') };
}

const nothing = { packets: 0n, bytes: 0n };

/** The rule as the kernel gets it. */
export function ruleOf({ protocol = 0, flags = 0, inverted = 0, matches }: RawRule): Rule {
  const uses: readonly MatchUse[] = matches.map(({ hex, ...use }) => ({ ...use, data: Buffer.from(hex, 'hex') }));
  const header = { ...anyHeader, protocol, flags, inverted };
  return { index: 0, header, matches: uses, target: { kind: 'continue' }, counters: nothing };
}

/** What ends a built-in chain. */
export function acceptPolicy(): Rule {
  const target: TargetUse = { kind: 'accept' };
  return { index: 0, header: anyHeader, matches: [], target, counters: nothing };
}
