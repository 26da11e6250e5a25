import { cannotExpress } from '../extension.ts';
import { type AnalysisCache, standingGuards } from './analysis.ts';
import { type ContextOptions, tableContext } from './context.ts';
import { withinDepth } from './depth.ts';
import { chainIdentity, type InstalledChain, type InstalledEntry, type InstalledTable } from './installed.ts';
import { keptPairs } from './kept.ts';
import { isBpfTable, ownTableNames } from './names.ts';
import { type PlannedChain, type PlannedEntry, planTable, type TablePlan } from './plan.ts';
import type { TableSource } from './source.ts';

/** One entry of the new table, with what it was in the old one if it stays. */
export interface EntryStep {
  readonly entry: PlannedEntry;
  readonly kept: InstalledEntry | undefined;
}

/** A chain of the new table. */
export interface ChainDiff {
  readonly chain: PlannedChain;
  readonly isNew: boolean;
  /** In order, without a built-in chain's policy. */
  readonly steps: readonly EntryStep[];
  /** The policy lives in the base chain, apart from the rules. */
  readonly policy: EntryStep | undefined;
  /** Old rules that go while the chain stays. */
  readonly removed: readonly InstalledEntry[];
  /** The old policy where it goes. */
  readonly removedPolicy: InstalledEntry | undefined;
}

/** How to make one table of another. */
export interface TableDiff {
  /** What is changed; undefined where everything is made anew. */
  readonly old: InstalledTable | undefined;
  /** The table under another name in nft, whose place the new one takes. */
  readonly moved: InstalledTable | undefined;
  readonly instance: string;
  readonly plan: TablePlan;
  readonly chains: readonly ChainDiff[];
  readonly removedChains: readonly InstalledChain[];
  readonly addedGuards: readonly string[];
  readonly removedGuards: readonly string[];
}

export interface DiffOptions extends ContextOptions {
  /** Letters and digits; tells one life of the table from the next. */
  readonly instance: string;
  /** What was found out about entries before; one map for each table, kept by the caller. */
  readonly cache?: AnalysisCache;
  /** Makes the whole table anew, under another name, whatever is there. */
  readonly anew?: boolean;
}

/**
 * Compares the table in the kernel with the one asked for, by keys. Throws `not-expressible`, `loop` for
 * jumps that nest too deep, and what extensions throw; the message names the rule.
 */
export function diffTable(present: InstalledTable | undefined, next: TableSource, options: DiffOptions): TableDiff {
  const { instance, cache = new Map() } = options;
  const plan = underItsName(withinDepth(planTable(next, tableContext(next.table, options), cache)), present, options);
  const isMoved = present !== undefined && present.nftTable !== plan.context.nftTable;
  const old = isMoved ? undefined : present;
  const oldChains = new Map(old?.chains.map((chain) => [chainIdentity(chain), chain]));
  const chains = plan.chains.map((chain) => diffChain(oldChains.get(chainIdentity(chain.source)), chain));
  const stay = new Set(plan.chains.map(({ source }) => chainIdentity(source)));
  const oldGuards = new Set(old?.guards);
  return {
    old,
    moved: isMoved ? present : undefined,
    instance,
    plan,
    chains,
    removedChains: old?.chains.filter((chain) => !stay.has(chainIdentity(chain))) ?? [],
    addedGuards: [...plan.guards.keys()].filter((name) => !oldGuards.has(name)),
    removedGuards: [...oldGuards].filter((name) => !plan.guards.has(name)),
  };
}

/**
 * Some of the kernel's own extensions want an nft table of the iptables table's name (filter, mangle, …). A
 * table that once had one keeps that name. One whose chains are written out is made anew, under another name,
 * by every change.
 */
function underItsName(plan: TablePlan, present: InstalledTable | undefined, { anew = false }: DiffOptions): TablePlan {
  const { chains, context, source, inlined } = plan;
  const wantsName = chains.some(({ entries }) => entries.some(({ analysis }) => analysis.wantsTableName));
  // it comes from BPF
  const isForeign = present !== undefined && isBpfTable(present.nftTable);
  if (present?.isWrittenOut === true || inlined.size > 0 || anew) {
    if (wantsName)
      cannotExpress('a table that must be made anew for every change, and a rule that binds it to one name');
    const [usual, other] = ownTableNames(source.table);
    return { ...plan, context: { ...context, nftTable: present?.nftTable === usual ? other : usual } };
  }
  const usual = isForeign ? context.nftTable : (present?.nftTable ?? context.nftTable);
  const nftTable = wantsName ? source.table : usual;
  return nftTable === context.nftTable ? plan : { ...plan, context: { ...context, nftTable } };
}

/**
 * Ids whose nft rule handles `documentFor` asks for: entries that go, and those that new rules are put
 * in front of.
 */
export function needsHandles({ chains }: TableDiff): readonly number[] {
  const ids = chains.flatMap((chain) => [...goneFrom(chain).map(({ id }) => id), ...anchors(chain.steps)]);
  return [...new Set(ids)];
}

/** All entries that go from a chain that stays. */
export function goneFrom({ removed, removedPolicy }: ChainDiff): readonly InstalledEntry[] {
  return removedPolicy === undefined ? removed : [...removed, removedPolicy];
}

/** Whether an entry has an nft rule in its chain: a guard, or one that can match. */
export function hasRules({ analysis, covered }: PlannedEntry): boolean {
  return analysis.live || standingGuards(analysis, covered).length > 0;
}

function anchors(steps: readonly EntryStep[]): readonly number[] {
  const found: number[] = [];
  let waiting = false;
  for (const { entry, kept } of steps) {
    if (!hasRules(entry)) continue;
    if (kept !== undefined && waiting) found.push(kept.id);
    waiting = kept === undefined;
  }
  return found;
}

function diffChain(old: InstalledChain | undefined, chain: PlannedChain): ChainDiff {
  const hasPolicy = chain.source.kind === 'builtin';
  const [oldRules, oldPolicy] = apart(old?.entries ?? [], hasPolicy);
  const [rules, policy] = apart(chain.entries, hasPolicy);
  const pairs = keptPairs(
    oldRules.map(({ key }) => key),
    rules.map(({ key }) => key),
  );
  const stays = new Uint8Array(oldRules.length);
  for (const at of pairs) if (at >= 0) stays[at] = 1;
  const policyStays = oldPolicy?.key === policy?.key;
  return {
    chain,
    isNew: old === undefined,
    steps: rules.map((entry, at) => ({ entry, kept: oldRules[pairs[at] ?? -1] })),
    policy: policy && { entry: policy, kept: policyStays ? oldPolicy : undefined },
    removed: oldRules.filter((_, at) => stays[at] === 0),
    removedPolicy: policyStays ? undefined : oldPolicy,
  };
}

/** The entries, and the last one by itself where it is a policy. */
function apart<Entry>(entries: readonly Entry[], hasPolicy: boolean): readonly [readonly Entry[], Entry | undefined] {
  return hasPolicy ? [entries.slice(0, -1), entries.at(-1)] : [entries, undefined];
}
