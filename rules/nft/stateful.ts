import { cannotExpress, type NftMatch } from '../extension.ts';
import { type CompiledRule, guardJumps, type NamedObject, type NftRuleBody } from './compiled-rule.ts';
import type { Tests } from './condition.ts';
import { guardName, isWhole } from './guard.ts';
import type { NftExpression, NftStatement } from './json.ts';
import { limitName, ownChainName } from './names.ts';
import type { GuardPoint, RuleParts } from './rule-parts.ts';
import { type Alternatives, canMatch, waysThrough } from './ways.ts';

const ENTANGLED =
  'two matches with a state of their own, or one with alternatives, and a choice between or behind them';
const UNSHAREABLE = "a state that can't be shared between several nft rules";

interface StatefulRule {
  readonly parts: RuleParts;
  readonly id: number;
  /** Guards behind the stateful match that must be there. */
  readonly late: readonly GuardPoint[];
  readonly action: (tests: Tests) => NftRuleBody;
}

/**
 * A rule with a match whose every evaluation counts (limit): it must see each packet once that passes
 * what stands before it, whatever comes behind.
 *
 * Where one way leads on from it and no guard stands there, that is the plain order in one nft rule,
 * several rules sharing the state as an object where several ways lead to it. Otherwise the tests behind
 * it move in front, and a chain of the rule's own shows the state the packets that fail them:
 *
 *     BEFORE jump guard_r7                            chain guard_r7:
 *     BEFORE BEHIND limit name l7 counter … target      BEHIND return
 *                                                       limit name l7 [goto guard_r7_then]
 *
 * `guard_r7_then` holds the guards from behind the limit; BEHIND implies that they find nothing.
 */
export function compileStateful(rule: StatefulRule): CompiledRule {
  const { parts, late, action } = rule;
  const [before, first, behind] = split(parts);
  // the state of a rule that never matches shows in nothing but what its guards drop
  if (!canMatch(parts) && late.length === 0) return { rules: [], objects: [], chains: [] };
  const waysBefore = waysThrough(parts.header === 'never' ? [] : parts.header, before);
  const waysOn = canMatch(parts) ? waysThrough([], behind) : [];
  if (late.length > 0 || waysOn.length > 1 || hasChoice(first)) return withOwnChain(rule, waysBefore, waysOn);
  const order = [...statementsOf(first), ...(waysOn[0] ?? [])];
  if (waysBefore.length === 1)
    return { rules: [action([...(waysBefore[0] ?? []), ...order])], objects: [], chains: [] };
  const shared = shareStates(order, rule);
  return {
    rules: waysBefore.map((way) => action([...way, ...shared.statements])),
    objects: shared.objects,
    chains: [],
  };
}

/**
 * Why nft can't combine the matches of a rule, where one of them has a state; undefined where it can. Guards
 * behind the state count as needed.
 */
export function combinationProblem(parts: RuleParts): string | undefined {
  const isGuarded = parts.guards.some(({ after }) => after > parts.stateful);
  // what never matches needs nothing but its guards
  if (parts.stateful === parts.matches.length || !(isGuarded || canMatch(parts))) return undefined;
  const [before, first, behind] = split(parts);
  const isApart = isGuarded || behind.some(hasChoice);
  if (isApart || hasChoice(first)) {
    if (hasChoice(first) || behind.some(({ stateful }) => stateful === true)) return ENTANGLED;
    return statementsOf(first).every(isShareable) ? undefined : UNSHAREABLE;
  }
  if (!before.some(hasChoice)) return undefined;
  return [first, ...behind].flatMap(statementsOf).every(isShareable) ? undefined : UNSHAREABLE;
}

/**
 * Levels of the jump stack that the chains of such a rule take: its own, the guards behind it, and the
 * shared guard chain those jump to.
 */
export function ownDepth(parts: RuleParts, late: readonly GuardPoint[]): number {
  if (late.length > 0) return 3;
  const [, first, behind] = split(parts);
  return canMatch(parts) && (hasChoice(first) || behind.some(hasChoice)) ? 1 : 0;
}

function withOwnChain(rule: StatefulRule, waysBefore: Alternatives, waysOn: Alternatives): CompiledRule {
  const { parts, id, late, action } = rule;
  const [, first, behind] = split(parts);
  if (hasChoice(first) || behind.some((match) => match.stateful === true)) {
    cannotExpress(parts.whyNotXt ?? ENTANGLED);
  }
  const { statements, objects } = shareStates(statementsOf(first), rule);
  const whole = late.flatMap(({ spec }) => isWhole(spec));
  const ways = waysOn.map((way) => distinct([...way, ...whole]));
  const then = late.flatMap(({ spec, after }) =>
    waysThrough([], behind.slice(0, after - parts.stateful - 1)).map((way) => ({
      expr: [...way, { jump: { target: guardName(spec) } }],
    })),
  );
  const [own, guards] = [ownChainName(id, 'first'), ownChainName(id, 'then')];
  const onward: Tests = then.length === 0 ? [] : [{ goto: { target: guards } }];
  const look: readonly NftRuleBody[] = [
    ...ways.map((way) => ({ expr: [...way, { return: null }] })),
    { expr: [...statements, ...onward] },
  ];
  return {
    rules: [
      ...guardJumps(waysBefore, own, id),
      ...waysBefore.flatMap((tests) => ways.map((way) => action([...tests, ...way, ...statements]))),
    ],
    objects,
    chains: [{ name: own, rules: look }, ...(then.length === 0 ? [] : [{ name: guards, rules: then }])],
  };
}

/** What stands before the first stateful match, that match, and what stands behind it. */
function split({ matches, stateful }: RuleParts): readonly [readonly NftMatch[], NftMatch, readonly NftMatch[]] {
  const match = matches[stateful] ?? { alternatives: [] };
  return [matches.slice(0, stateful), match, matches.slice(stateful + 1)];
}

function hasChoice({ alternatives }: NftMatch): boolean {
  return alternatives.length > 1;
}

function statementsOf({ alternatives }: NftMatch): Tests {
  return alternatives[0] ?? [];
}

/** The same statements with every limit as an object that several rules can name. */
function shareStates(
  statements: Tests,
  { parts, id }: StatefulRule,
): { statements: Tests; objects: readonly NamedObject[] } {
  const objects: NamedObject[] = [];
  const shared = statements.map((statement): NftStatement => {
    if (!isShareable(statement)) return cannotExpress(parts.whyNotXt ?? UNSHAREABLE);
    if (!('limit' in statement) || typeof statement.limit === 'string') return statement;
    const name = limitName(id, objects.length + 1);
    objects.push({ name, body: { limit: statement.limit } });
    return { limit: name };
  });
  return { statements: shared, objects };
}

/** Whether two nft rules with such a statement have one state between them, or none. */
function isShareable(statement: NftStatement): boolean {
  if ('match' in statement) return !hasOwnState(statement.match.left);
  if ('limit' in statement) return true;
  if ('quota' in statement) return typeof statement.quota === 'string';
  return 'set' in statement;
}

function hasOwnState(expression: NftExpression): boolean {
  return typeof expression === 'object' && 'numgen' in expression;
}

function distinct(tests: Tests): Tests {
  const seen = new Map(tests.map((test) => [JSON.stringify(test), test]));
  return [...seen.values()];
}
