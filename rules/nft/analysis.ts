import type { Rule } from '../ir.ts';
import type { ExtensionLookup } from './context.ts';
import { guardName, type GuardSpec } from './guard.ts';
import { canMatch, type GuardPoint, type RuleParts, ruleParts, waysThrough } from './rule-parts.ts';

/** A guard a rule needs, if none before it in the chain covers it. */
export interface NeededGuard extends GuardPoint {
  readonly chain: string;
  /** Only the header is asked before it: it covers any later rule with at least this header's tests. */
  readonly covers: boolean;
}

/** What must be known of an entry besides its key, without translating it again. */
export interface Analysis {
  /** A packet can get as far as the counter. */
  readonly live: boolean;
  /** The chain that a live rule jumps or goes to. */
  readonly leadsTo: string | undefined;
  readonly guards: readonly NeededGuard[];
  /** Tests of the header, as texts; empty where there are no guards. */
  readonly header: ReadonlySet<string>;
  /** Kept for rules with a state only. */
  readonly parts: RuleParts | undefined;
  /** The key for each set of covered guards, so that equal keys are one string. */
  readonly keys: Map<string, string>;
}

/** Analyses by key; the driver owns one for each table. */
export type AnalysisCache = Map<string, Analysis>;

const none: ReadonlySet<string> = new Set();

/** Translates header and matches of an entry. Throws what `ruleParts` throws. */
export function analyse(rule: Rule, lookup: ExtensionLookup): { readonly analysis: Analysis; readonly parts: RuleParts } {
  const parts = ruleParts(rule, lookup);
  const { target } = rule;
  const live = canMatch(parts);
  const guards = parts.guards.map((point) => neededGuard(parts, point));
  const analysis: Analysis = {
    live,
    leadsTo: live && (target.kind === 'jump' || target.kind === 'goto') ? target.chain : undefined,
    guards,
    header: guards.length === 0 || parts.header === 'never' ? none : new Set(parts.header.map((test) => JSON.stringify(test))),
    parts: parts.stateful < parts.matches.length ? parts : undefined,
    keys: new Map(),
  };
  return { analysis, parts };
}

/** Whether the guard stands behind the rule's stateful match. */
export function isLate(analysis: Analysis, guard: GuardPoint): boolean {
  return analysis.parts !== undefined && guard.after > analysis.parts.stateful;
}

/** The key that tells apart entries of one meaning with different guards. */
export function effectiveKey(analysis: Analysis, key: string, covered: readonly boolean[]): string {
  const needed = covered.map((one) => (one ? '-' : '+')).join('');
  const known = analysis.keys.get(needed);
  if (known !== undefined) return known;
  const effective = `${needed}:${key}`;
  analysis.keys.set(needed, effective);
  return effective;
}

function neededGuard({ header, matches }: RuleParts, point: GuardPoint): NeededGuard {
  const tests = header === 'never' ? [] : header;
  const ways = waysThrough(tests, matches.slice(0, point.after));
  return { ...point, chain: guardName(point.spec), covers: ways.length === 1 && ways[0]?.length === tests.length };
}

/** Whether what `strong` lets through needs no look from `weak`. */
export function atLeast(strong: GuardSpec, weak: GuardSpec): boolean {
  return strong.bytes >= weak.bytes && (strong.dropsOffsetOne || !weak.dropsOffsetOne);
}
