import type { Rule } from '../ir.ts';
import { nftComment } from './comment-text.ts';
import { type CompiledRule, guardJumps, type NftRuleBody } from './compiled-rule.ts';
import type { Tests } from './condition.ts';
import type { TableContext } from './context.ts';
import { guardName } from './guard.ts';
import type { NftStatement } from './json.ts';
import { counterName } from './names.ts';
import { pinned } from './pin.ts';
import { canMatch, isCovered, type RuleParts, ruleParts, waysThrough } from './rule-parts.ts';
import { compileStateful } from './stateful.ts';
import { compileTarget } from './target.ts';

/**
 * One entry as nft rules. The kernel's order is kept: header, matches in order, counter, target
 * (ipt_do_table). A match that needs a whole transport header has a guard in front that asks what the
 * kernel asked before it.
 *
 * The alternatives of a match are disjoint on what no target of the same rule can change, so a packet
 * that comes back from a jump doesn't match a second one.
 *
 * Bit i of `covered`: guard i can be left out, since no packet that it would drop gets here. Throws
 * `not-expressible`, and what the extensions throw.
 */
export function compileRule(rule: Rule, id: number, context: TableContext, covered = 0): CompiledRule {
  return compileParts(ruleParts(rule, context.lookup), id, context, covered);
}

/** The same for a rule whose header and matches were translated before. */
export function compileParts(parts: RuleParts, id: number, context: TableContext, covered: number): CompiledRule {
  const action = actionOf(parts, id, context);
  if (parts.header === 'never') return nothing;
  const { header, matches, stateful } = parts;
  const guards = parts.guards.filter((_, index) => !isCovered(covered, index));
  const guardRules = guards
    .filter(({ after }) => after <= stateful)
    .flatMap(({ spec, after }) => guardJumps(waysThrough(header, matches.slice(0, after)), guardName(spec), id));
  const late = guards.filter(({ after }) => after > stateful);
  const rest =
    stateful < matches.length
      ? compileStateful({ parts, id, late, action })
      : { ...nothing, rules: plainRules(parts, action) };
  const settle = settled(parts);
  return {
    rules: [...guardRules, ...rest.rules].map(settle),
    limits: rest.limits,
    chains: rest.chains.map(({ name, rules }) => ({ name, rules: rules.map(settle) })),
  };
}

const nothing: CompiledRule = { rules: [], limits: [], chains: [] };

function plainRules(parts: RuleParts, action: (tests: Tests) => NftRuleBody): readonly NftRuleBody[] {
  if (parts.header === 'never' || !canMatch(parts)) return [];
  return waysThrough(parts.header, parts.matches).map(action);
}

/** What makes tests a rule: the counter and the target behind them, the comment beside them. */
function actionOf(parts: RuleParts, id: number, context: TableContext): (tests: Tests) => NftRuleBody {
  const target = compileTarget(parts.rule, context);
  const comments = parts.matches.flatMap(({ comment }) => comment ?? []);
  const comment = comments.length === 0 ? {} : { comment: nftComment(comments.join('; ')) };
  return (tests) => ({ ...comment, expr: [...tests, { counter: counterName(id) }, ...target] });
}

/**
 * nft merges and moves tests (pin.ts): in a rule with a state none may move, in any rule no `!=` may be
 * merged.
 */
function settled({ stateful, matches }: RuleParts): (rule: NftRuleBody) => NftRuleBody {
  const all = stateful < matches.length;
  return (rule) => ({ ...rule, expr: rule.expr.map((one) => (all || isInequality(one) ? pinned(one) : one)) });
}

function isInequality(statement: NftStatement): boolean {
  return 'match' in statement && statement.match.op === '!=';
}
