import type { NftContext, NftMatch, NftTarget, TransportHeader } from '../extension.ts';
import type { MatchUse, Rule } from '../ir.ts';
import type { Condition } from './condition.ts';
import type { TableContext } from './context.ts';
import { type GuardSpec, guardSpec } from './guard.ts';
import { compileHeader } from './header.ts';
import type { NftStatement, NftXt } from './json.ts';
import { placeOf, type Reach } from './reach.ts';
import { combinationProblem } from './stateful.ts';
import { compileTarget } from './target.ts';
import { isNotExpressible, matchAsXt } from './xt.ts';

/** A place in a rule where ip_tables drops a packet whose transport header isn't whole. */
export interface GuardPoint {
  readonly spec: GuardSpec;
  /** Matches that are asked first: these many, after the header. */
  readonly after: number;
}

/** A rule translated, but for what hangs on its id. */
export interface RuleParts {
  readonly header: Condition;
  /** In order, up to and with the first that never holds; none where the header never holds. */
  readonly matches: readonly NftMatch[];
  readonly guards: readonly GuardPoint[];
  /** Index of the first match with a state; the number of matches where there is none. */
  readonly stateful: number;
  readonly target: NftTarget;
  /** One of the kernel's own extensions is in it. */
  readonly hasXt: boolean;
  /** Where nft can't combine the matches: why not, and why the kernel's own can't stand in. */
  readonly whyNotXt?: string;
  /** One of them wants the nft table to bear the iptables table's name. */
  readonly wantsTableName: boolean;
}

/**
 * Translates a rule. A match that nft can't carry becomes the kernel's own, and all of them do where nft
 * can't combine them. Throws what the extensions throw, and `not-expressible`.
 */
export function ruleParts(rule: Rule, context: TableContext, reach: Reach): RuleParts {
  const header = compileHeader(rule.header);
  const target = compileTarget(rule, context, reach);
  const parts = partsOf(header, header === 'never' ? [] : compileMatches(rule, context, reach), target);
  const problem = combinationProblem(parts);
  if (problem === undefined) return parts;
  try {
    const carried = rule.matches.map((use) => matchAsXt(use, rule.header, context, problem));
    return partsOf(header, carried, target);
  } catch (error) {
    // guards that turn out not to be needed can make it possible after all
    if (!isNotExpressible(error)) throw error;
    return { ...parts, whyNotXt: error.message };
  }
}

/** Header, matches and target as the parts of one rule. */
export function partsOf(header: Condition, matches: readonly NftMatch[], target: NftTarget): RuleParts {
  const guards = matches.flatMap(({ transport }, after) => guardPoint(transport, after));
  const stateful = matches.findIndex((match) => match.stateful === true);
  const xt = [...matches.flatMap(({ alternatives }) => alternatives.flat()), ...target.statements].flatMap(xtOf);
  return {
    header,
    matches,
    guards,
    stateful: stateful < 0 ? matches.length : stateful,
    target,
    hasXt: xt.length > 0,
    wantsTableName: xt.some(({ table }) => table !== undefined),
  };
}

function xtOf(statement: NftStatement): readonly NftXt[] {
  return 'xt' in statement ? [statement.xt] : [];
}

/** Whether bit `index` of a set of guards is there; those past 30 never are. */
export function isCovered(covered: number, index: number): boolean {
  return index < 31 && ((covered >>> index) & 1) === 1;
}

function compileMatches({ matches: uses, header }: Rule, context: TableContext, reach: Reach): readonly NftMatch[] {
  const matches: NftMatch[] = [];
  for (const [index, use] of uses.entries()) {
    const place = placeOf(header, context, reach, uses.slice(0, index));
    const match = compileMatch(use, place, context);
    matches.push(match);
    if (match.alternatives.length === 0) break; // those behind it are never asked
  }
  return matches;
}

function compileMatch(use: MatchUse, place: NftContext, context: TableContext): NftMatch {
  const { definition, revision } = context.lookup.findMatch(use.name, use.revision);
  let match: NftMatch | undefined;
  let reason = "the kernel's own tells more";
  try {
    match = definition.nft(revision.decode(use.data), place);
  } catch (error) {
    if (!isNotExpressible(error)) throw error;
    reason = error.message;
  }
  if (match !== undefined && match.secondBest !== true) return match;
  try {
    return matchAsXt(use, place.header, context, reason);
  } catch (error) {
    if (match === undefined || !isNotExpressible(error)) throw error;
    return match;
  }
}

function guardPoint(transport: TransportHeader | undefined, after: number): readonly GuardPoint[] {
  return transport === undefined ? [] : [{ spec: guardSpec(transport), after }];
}
