import type { AnyMatch, AnyTarget } from '../../rules/extension.ts';
import type { HeaderMatch, MatchUse, Rule, Table, TableName } from '../../rules/ir.ts';
import { findMatch, findTarget } from '../../rules/registry.ts';

/** How an extension is called in the table of occurrences, with its revision. */
export function revisionName(
  kind: 'match' | 'target',
  { name, revision }: Pick<MatchUse, 'name' | 'revision'>,
): string {
  return `${kind} ${name}, revision ${revision}`;
}

/**
 * The same table as an older iptables might send it: extensions in older revisions where these can say the same.
 * Which one an extension gets hangs on its bytes alone, so that a rule keeps its own when others are left out.
 */
export function inOlderRevisions({ name, chains }: Table): Table {
  return {
    name,
    chains: chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => olderRule(rule, name)) })),
  };
}

/** The names, by `revisionName`, of all extensions in it. */
export function revisionsIn({ chains }: Table): readonly string[] {
  return chains.flatMap(({ rules }) =>
    rules.flatMap(({ matches, target }) => [
      ...matches.map((use) => revisionName('match', use)),
      ...(target.kind === 'extension' ? [revisionName('target', target)] : []),
    ]),
  );
}

interface Place {
  readonly table: TableName;
  readonly header: HeaderMatch;
}

function olderRule(rule: Rule, table: TableName): Rule {
  const { header, target } = rule;
  const place = { table, header };
  const matches = rule.matches.map((use) => older(use, findMatch(use.name, use.revision).definition, place));
  if (target.kind !== 'extension') return { ...rule, matches };
  const { definition } = findTarget(target.name, target.revision);
  return { ...rule, matches, target: { kind: 'extension', ...older(target, definition, place) } };
}

function older(use: MatchUse, definition: AnyMatch | AnyTarget, place: Place): MatchUse {
  const ways = waysToSay(use, definition, place);
  return ways[use.data.reduce((sum, byte) => sum + byte, 0) % ways.length] ?? use;
}

/** Its own way first. */
function waysToSay(
  { name, revision, data }: MatchUse,
  definition: AnyMatch | AnyTarget,
  { table, header }: Place,
): readonly MatchUse[] {
  const info = definition.revisions[revision]?.decode(data);
  const words = definition.save(info, { header });
  const before = Object.entries(definition.revisions).flatMap(([number, layout]): readonly MatchUse[] => {
    if (Number(number) >= revision) return [];
    const bytes = attempt(() => layout.encode(info));
    if (bytes === undefined) return [];
    const said = layout.decode(bytes);
    const isTaken = attempt(() => {
      definition.check(said, { table, header, hooks: 0 });
      return true;
    });
    return isTaken && definition.save(said, { header }) === words
      ? [{ name, revision: Number(number), data: bytes }]
      : [];
  });
  return [{ name, revision, data }, ...before, ...underItsAlias(definition, info)];
}

/** NOTRACK, which has nothing to say, is a target of its own, though iptables sends CT for it. */
function underItsAlias(definition: AnyMatch | AnyTarget, info: unknown): readonly MatchUse[] {
  const name = definition.alias?.(info) ?? definition.name;
  if (definition.kind === 'match' || name === definition.name) return [];
  const found = attempt(() => findTarget(name, 0));
  return found?.revision.size === 0 ? [{ name, revision: 0, data: new Uint8Array(0) }] : [];
}

/** Undefined where it throws: an older struct has no room for what a newer one says. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
