import type { NftTarget } from '../extension.ts';
import type { Rule } from '../ir.ts';
import { nftComment } from './comment-text.ts';
import { type CompiledRule, guardJumps, type NftRuleBody, type OwnChain } from './compiled-rule.ts';
import type { Tests } from './condition.ts';
import type { TableContext } from './context.ts';
import { guardName } from './guard.ts';
import type { NftStatement } from './json.ts';
import { counterName, ownChainName } from './names.ts';
import { ownThings, withOwnTags } from './own-things.ts';
import { pinned } from './pin.ts';
import { Reach } from './reach.ts';
import { isCovered, type RuleParts, ruleParts } from './rule-parts.ts';
import { compileStateful } from './stateful.ts';
import { canMatch, waysThrough } from './ways.ts';

/** What the rules around one make of it. */
export interface RulePlace {
  /** Bit i: guard i can be left out, since no packet that it would drop gets here. */
  readonly covered?: number;
  /** Hooks that the rule can be reached from: 1 << hook. */
  readonly hooks?: number;
}

/**
 * One entry as nft rules. The kernel's order is kept: header, matches in order, counter, target
 * (ipt_do_table). A match that needs a whole transport header has a guard in front that asks what the
 * kernel asked before it.
 *
 * The alternatives of a match are disjoint on what no target of the same rule can change, so a packet
 * that comes back from a jump doesn't match a second one.
 *
 * Throws `not-expressible`, and what the extensions throw.
 */
export function compileRule(
  rule: Rule,
  id: number,
  context: TableContext,
  { covered = 0, hooks = 0 }: RulePlace = {},
): CompiledRule {
  return compileParts(ruleParts(rule, context, new Reach(hooks)), id, covered);
}

/** The same for a rule that was translated before, but for its id. */
export function compileParts(translated: RuleParts, id: number, covered: number): CompiledRule {
  const { header } = translated;
  if (header === 'never') return nothing;
  const parts = withOwnTags(translated);
  const { matches, stateful, target } = parts;
  const guards = parts.guards.filter((_, index) => !isCovered(covered, index));
  const guardRules = guards
    .filter(({ after }) => after <= stateful)
    .flatMap(({ spec, after }) => guardJumps(waysThrough(header, matches.slice(0, after)), guardName(spec), id));
  const late = guards.filter(({ after }) => after > stateful);
  const action = actionOf(parts, id);
  const rest =
    stateful < matches.length
      ? compileStateful({ parts, id, late, action })
      : { ...nothing, rules: plainRules(parts, action) };
  const rules = [...guardRules, ...rest.rules];
  if (rules.length === 0) return nothing;
  const own = ownThings(parts, id);
  const finish = (rule: NftRuleBody) => own.named(settled(parts, rule));
  const chains =
    target.chain === undefined || !canMatch(parts) ? rest.chains : [...rest.chains, targetChain(target.chain, id)];
  return {
    rules: rules.map(finish),
    objects: [...rest.objects, ...own.objects],
    chains: chains.map((chain) => ({ name: chain.name, rules: chain.rules.map(finish) })),
  };
}

const nothing: CompiledRule = { rules: [], objects: [], chains: [] };

function plainRules(parts: RuleParts, action: (tests: Tests) => NftRuleBody): readonly NftRuleBody[] {
  if (parts.header === 'never' || !canMatch(parts)) return [];
  return waysThrough(parts.header, parts.matches).map(action);
}

/** What makes tests a rule: the counter and the target behind them, the comment beside them. */
function actionOf({ matches, target }: RuleParts, id: number): (tests: Tests) => NftRuleBody {
  const comments = matches.flatMap(({ comment }) => comment ?? []);
  const comment = comments.length === 0 ? {} : { comment: nftComment(comments.join('; ')) };
  return (tests) => ({ ...comment, expr: [...tests, { counter: counterName(id) }, ...target.statements] });
}

function targetChain(rules: NonNullable<NftTarget['chain']>, id: number): OwnChain {
  return { name: ownChainName(id, 'target'), rules: rules.map((expr) => ({ expr })) };
}

/**
 * nft merges and moves tests (pin.ts): in a rule with a state, or with a match that may drop the packet, none
 * may move, in any rule no `!=` may be merged.
 */
function settled({ stateful, matches, hasXt }: RuleParts, rule: NftRuleBody): NftRuleBody {
  const all = stateful < matches.length || hasXt;
  return { ...rule, expr: rule.expr.map((one) => (all || isInequality(one) ? pinned(one) : one)) };
}

function isInequality(statement: NftStatement): boolean {
  return 'match' in statement && statement.match.op === '!=';
}
