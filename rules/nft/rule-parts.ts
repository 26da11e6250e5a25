import type { NftMatch, TransportHeader } from '../extension.ts';
import type { HeaderMatch, MatchUse, Rule, TargetUse } from '../ir.ts';
import type { Condition, Tests } from './condition.ts';
import type { ExtensionLookup } from './context.ts';
import { type GuardSpec, guardSpec } from './guard.ts';
import { compileHeader } from './header.ts';

/** Alternatives of which at most one holds, each a conjunction. `[]` never holds, `[[]]` always. */
export type Alternatives = readonly Tests[];

/** A place in a rule where ip_tables drops a packet whose transport header isn't whole. */
export interface GuardPoint {
  readonly spec: GuardSpec;
  /** Matches that are asked first: these many, after the header. */
  readonly after: number;
}

/** A rule with its header and matches translated, its target not yet. */
export interface RuleParts {
  readonly header: Condition;
  /** In order, up to and with the first that never holds; none where the header never holds. */
  readonly matches: readonly NftMatch[];
  readonly guards: readonly GuardPoint[];
  /** Index of the first match with a state; the number of matches where there is none. */
  readonly stateful: number;
  readonly rule: Pick<Rule, 'header' | 'target'>;
}

/** Translates header and matches. Throws what the extensions throw. */
export function ruleParts(rule: Rule, lookup: ExtensionLookup): RuleParts {
  const header = compileHeader(rule.header);
  const matches = header === 'never' ? [] : compileMatches(rule.matches, rule.header, lookup);
  const guards = matches.flatMap(({ transport }, after) => guardPoint(transport, after));
  const stateful = matches.findIndex((match) => match.stateful === true);
  return { header, matches, guards, stateful: stateful < 0 ? matches.length : stateful, rule: pick(rule) };
}

/** Whether bit `index` of a set of guards is there; those past 30 never are. */
export function isCovered(covered: number, index: number): boolean {
  return index < 31 && ((covered >>> index) & 1) === 1;
}

/** Whether a packet can get as far as the counter. */
export function canMatch({ header, matches }: RuleParts): boolean {
  return header !== 'never' && matches.every(({ alternatives }) => alternatives.length > 0);
}

/** Every way through header and matches `from` (included) to `to` (not). */
export function waysThrough(header: Tests, matches: readonly NftMatch[]): Alternatives {
  return matches.reduce<Alternatives>(
    (ways, { alternatives }) => ways.flatMap((way) => alternatives.map((tests) => [...way, ...tests])),
    [header],
  );
}

function compileMatches(uses: readonly MatchUse[], header: HeaderMatch, lookup: ExtensionLookup): readonly NftMatch[] {
  const matches: NftMatch[] = [];
  for (const { name, revision, data } of uses) {
    const found = lookup.findMatch(name, revision);
    const match = found.definition.nft(found.revision.decode(data), { header });
    matches.push(match);
    if (match.alternatives.length === 0) break; // those behind it are never asked
  }
  return matches;
}

function guardPoint(transport: TransportHeader | undefined, after: number): readonly GuardPoint[] {
  return transport === undefined ? [] : [{ spec: guardSpec(transport), after }];
}

function pick({ header, target }: { header: HeaderMatch; target: TargetUse }): RuleParts['rule'] {
  return { header, target };
}
