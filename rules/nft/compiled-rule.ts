import type { NftStatement, OwnObjectBody } from './json.ts';
import { guardComment } from './names.ts';
import type { Alternatives } from './ways.ts';

/** An nft rule without its place. */
export interface NftRuleBody {
  readonly comment?: string;
  readonly expr: readonly NftStatement[];
}

/** A chain that belongs to one entry. */
export interface OwnChain {
  readonly name: string;
  readonly rules: readonly NftRuleBody[];
}

/** An object that belongs to one entry. */
export interface NamedObject {
  readonly name: string;
  readonly body: OwnObjectBody;
}

/** All that one entry becomes. */
export interface CompiledRule {
  /** In the entry's chain, in order: guards, then one rule for each alternative. None: it never matches. */
  readonly rules: readonly NftRuleBody[];
  readonly objects: readonly NamedObject[];
  /** One may lead to those behind it. */
  readonly chains: readonly OwnChain[];
}

/** The rules that lead the packets of each way to a chain of guards. */
export function guardJumps(ways: Alternatives, target: string, id: number): readonly NftRuleBody[] {
  return ways.map((tests) => ({ comment: guardComment(id), expr: [...tests, { jump: { target } }] }));
}
