import { type NftMatch, OWN_CHAIN, type OwnObject, ownName } from '../extension.ts';
import type { NamedObject, NftRuleBody } from './compiled-rule.ts';
import type { NftStatement } from './json.ts';
import { type ObjectKind, ownChainName, ownObjectName } from './names.ts';
import type { RuleParts } from './rule-parts.ts';

/** What a rule's matches and target have for themselves, under the names that its id gives them. */
export interface OwnThings {
  readonly objects: readonly NamedObject[];
  /** The rule with these names in the place of `ownName(tag)` and `OWN_CHAIN`. */
  named(rule: NftRuleBody): NftRuleBody;
}

/** Names the own objects and the own chain of a rule. */
export function ownThings({ matches, target }: RuleParts, id: number): OwnThings {
  const own = [...matches.flatMap(({ objects = [] }) => objects), ...(target.objects ?? [])];
  if (own.length === 0 && target.chain === undefined) return { objects: [], named: (rule) => rule };
  const names = new Map([[OWN_CHAIN, ownChainName(id, 'target')]]);
  const objects = own.map(({ tag, body }): NamedObject => {
    const name = ownObjectName(kindOf(body), id, tag);
    names.set(ownName(tag), name);
    names.set(`@${ownName(tag)}`, `@${name}`);
    return { name, body };
  });
  return { objects, named: (rule) => ({ ...rule, expr: rule.expr.map((one) => renamed(one, names)) }) };
}

/** The same rule with a tag of its own for each object: two quotas in it both call theirs by the same. */
export function withOwnTags(parts: RuleParts): RuleParts {
  if (parts.matches.filter(({ objects }) => objects !== undefined).length < 2) return parts;
  const taken = new Set<string>();
  return { ...parts, matches: parts.matches.map((match) => retagged(match, taken)) };
}

function retagged(match: NftMatch, taken: Set<string>): NftMatch {
  const names = new Map<string, string>();
  const objects = (match.objects ?? []).map(({ tag, body }): OwnObject => {
    let free = tag;
    while (taken.has(free)) free += 'x';
    taken.add(free);
    names.set(ownName(tag), ownName(free));
    names.set(`@${ownName(tag)}`, `@${ownName(free)}`);
    return { tag: free, body };
  });
  if (objects.length === 0) return match;
  const alternatives = match.alternatives.map((tests) => tests.map((test) => renamed(test, names)));
  return { ...match, objects, alternatives };
}

function kindOf(body: OwnObject['body']): ObjectKind {
  const [kind] = Object.keys(body) as ObjectKind[];
  return kind ?? 'limit';
}

/** A copy in which every text that is one of the names is the name that takes its place. */
function renamed(statement: NftStatement, names: ReadonlyMap<string, string>): NftStatement {
  return JSON.parse(JSON.stringify(statement), (_, value: unknown) =>
    typeof value === 'string' ? (names.get(value) ?? value) : value,
  ) as NftStatement;
}
