import type { Rule } from '../ir.ts';
import type { TableContext } from './context.ts';
import { type GuardSpec, guardName } from './guard.ts';
import { type HeaderFacets, headerFacets } from './header-facets.ts';
import { Reach } from './reach.ts';
import { type GuardPoint, isCovered, type RuleParts, ruleParts } from './rule-parts.ts';
import { ownDepth } from './stateful.ts';
import { canMatch, waysThrough } from './ways.ts';

/** A guard a rule needs, if none before it in the chain covers it. */
export interface NeededGuard extends GuardPoint {
  readonly chain: string;
  /** Only the header is asked before it: it covers any later rule with at least this header's tests. */
  readonly covers: boolean;
}

/** What must be known of an entry besides its key, without translating it again. Small: a table has many. */
export interface Analysis {
  /** The entry's own key, and its hooks where they count; equal keys are this one string, which makes comparing cheap. */
  readonly key: string;
  /** The hooks that the translation has asked for and holds for alone; undefined where it holds for any. */
  readonly hooks: number | undefined;
  /** A packet can get as far as the counter. */
  readonly live: boolean;
  /** The chain that a live rule jumps or goes to. */
  readonly leadsTo: string | undefined;
  readonly guards: readonly NeededGuard[];
  /** Where there are guards. */
  readonly header: HeaderFacets | undefined;
  /** Kept only for rules that have a state, or objects and chains of their own. */
  readonly parts: RuleParts | undefined;
  /** It must stand in an nft table that bears the iptables table's name. */
  readonly wantsTableName: boolean;
  /** Names that no other rule of the table may have. */
  readonly exclusive: readonly string[];
  /** What `plannedEntry` made of it last. */
  planned: PlannedEntry | undefined;
}

/** An entry as it stands among others. Entries of one meaning in the same company of guards are this one object. */
export interface PlannedEntry {
  /** Equal keys: the same nft rules, but for the id. It has the hooks in it where they count. */
  readonly key: string;
  readonly analysis: Analysis;
  /** Which of its guards are left out: 1 << index (`isCovered`). */
  readonly covered: number;
  /** Levels that the chains take which it has for itself. */
  readonly levels: number;
}

/** Analyses by key; the driver owns one for each table. */
export type AnalysisCache = Map<string, Analysis>;

/** Lists of guards by their text: few kinds, and as many rules as there are. */
const guardLists = new Map<string, readonly NeededGuard[]>();

/**
 * Translates an entry that can be reached from `hooks`: what must be known of it, and the whole translation. Throws what
 * `ruleParts` throws.
 */
export function analyse(
  rule: Rule,
  key: string,
  context: TableContext,
  hooks: number,
): { readonly analysis: Analysis; readonly parts: RuleParts } {
  const reach = new Reach(hooks);
  const parts = ruleParts(rule, context, reach);
  return { analysis: analysisOf(rule, key, reach, parts), parts };
}

function analysisOf({ header, target }: Rule, key: string, { asked }: Reach, parts: RuleParts): Analysis {
  const live = canMatch(parts);
  return {
    key: asked === undefined ? key : keyFrom(key, asked),
    hooks: asked,
    live,
    leadsTo: live && (target.kind === 'jump' || target.kind === 'goto') ? target.chain : undefined,
    guards: neededGuards(parts),
    header: parts.guards.length === 0 ? undefined : headerFacets(header),
    parts: hasOwnThings(parts) ? parts : undefined,
    wantsTableName: parts.wantsTableName,
    exclusive: exclusiveNames(parts),
    planned: undefined,
  };
}

/**
 * What is known of an entry's key, if it holds for its hooks. Only entries that ask for their hooks have more than one
 * translation for a key; the last one stands under the plain key.
 */
export function known(cache: AnalysisCache, key: string, hooks: number): Analysis | undefined {
  const last = cache.get(key);
  return last === undefined || holdsFor(last, hooks) ? last : cache.get(keyFrom(key, hooks));
}

/** Keeps what was found out about a key. */
export function remember(cache: AnalysisCache, key: string, analysis: Analysis): void {
  cache.set(key, analysis);
  if (analysis.hooks !== undefined) cache.set(analysis.key, analysis);
}

/** Whether an entry's translation is good where it can be reached from these hooks. */
export function holdsFor(analysis: Analysis, hooks: number): boolean {
  return analysis.hooks === undefined || analysis.hooks === hooks;
}

/** As in `effectiveKey`, where digits follow the NUL. */
function keyFrom(key: string, hooks: number): string {
  return `${key}\u0000from ${hooks}`;
}

/** Whether the guard stands behind the rule's stateful match. */
function isLate(analysis: Analysis, guard: GuardPoint): boolean {
  return analysis.parts !== undefined && guard.after > analysis.parts.stateful;
}

/** The guards that aren't left out. */
export function standingGuards({ guards }: Analysis, covered: number): readonly NeededGuard[] {
  return covered === 0 ? guards : guards.filter((_, index) => !isCovered(covered, index));
}

/** The entry where these guards of it are left out; made once and again only where others are. */
export function plannedEntry(analysis: Analysis, covered: number): PlannedEntry {
  const last = analysis.planned;
  if (last !== undefined && last.covered === covered) return last;
  const planned = { key: effectiveKey(analysis, covered), analysis, covered, levels: ownLevels(analysis, covered) };
  analysis.planned = planned;
  return planned;
}

/**
 * The key that tells apart entries of one meaning with different guards: what is left out stands behind
 * a NUL. A key says its own length, and the chain name it may end in has no NUL.
 */
function effectiveKey({ key }: Analysis, covered: number): string {
  return covered === 0 ? key : `${key}\u0000${covered}`;
}

/** Guards, and what a state needs. */
function ownLevels(analysis: Analysis, covered: number): number {
  const { guards, parts } = analysis;
  if (guards.length === 0 && parts === undefined) return 0;
  const needed = standingGuards(analysis, covered);
  const late = needed.filter((guard) => isLate(analysis, guard));
  const own = parts === undefined ? 0 : Math.max(ownDepth(parts, late), targetDepth(parts));
  return Math.max(own, needed.length > late.length ? 1 : 0);
}

/** A target's own chain is a level, if any packet gets there. */
function targetDepth({ target }: RuleParts): number {
  return target.chain === undefined ? 0 : 1;
}

/** Whether what `strong` lets through needs no look from `weak`. */
export function atLeast(strong: GuardSpec, weak: GuardSpec): boolean {
  return strong.bytes >= weak.bytes && (strong.dropsOffsetOne || !weak.dropsOffsetOne);
}

const none: readonly string[] = [];

function exclusiveNames({ matches }: RuleParts): readonly string[] {
  const found = matches.flatMap(({ exclusive }) => exclusive ?? []);
  return found.length === 0 ? none : found;
}

function hasOwnThings({ stateful, matches, target }: RuleParts): boolean {
  return (
    stateful < matches.length ||
    target.chain !== undefined ||
    target.objects !== undefined ||
    matches.some(({ objects }) => objects !== undefined)
  );
}

function neededGuards(parts: RuleParts): readonly NeededGuard[] {
  const guards = parts.guards.map((point) => neededGuard(parts, point));
  const text = guards.map(({ chain, after, covers }) => `${chain} ${after} ${covers}`).join();
  const known = guardLists.get(text);
  if (known !== undefined) return known;
  guardLists.set(text, guards);
  return guards;
}

function neededGuard({ header, matches }: RuleParts, point: GuardPoint): NeededGuard {
  const tests = header === 'never' ? [] : header;
  const ways = waysThrough(tests, matches.slice(0, point.after));
  return { ...point, chain: guardName(point.spec), covers: ways.length === 1 && ways[0]?.length === tests.length };
}
