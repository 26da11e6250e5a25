import { cannotExpress } from '../extension.ts';
import { type AnalysisCache, type PlannedEntry, standingGuards } from './analysis.ts';
import { type ContextOptions, tableContext } from './context.ts';
import { withinDepth } from './depth.ts';
import type { InstalledChain, InstalledEntry, InstalledTable } from './installed.ts';
import { keptPairs } from './kept.ts';
import { isBpfTable, ownTableNames } from './names.ts';
import { type PlannedChain, planTable, type TablePlan } from './plan.ts';
import { chainIdentity, type TableSource } from './source.ts';

/** A chain of the new table. */
export interface ChainDiff {
  readonly chain: PlannedChain;
  /** What it was; undefined: it is new. */
  readonly old: InstalledChain | undefined;
  /** By entry: its place in the old chain where it stays, else -1. A built-in chain's policy lives apart from the rules. */
  readonly kept: Int32Array;
  /** How many rules the chain begins with that stay where they are. */
  readonly head: number;
  /** No rule of many stays, or none but a closing RETURN: they go all at once, and what others have put among them. */
  readonly isRewritten: boolean;
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
  const before = new Map(present?.chains.map((chain) => [chainIdentity(chain), chain.planned]));
  const planned = planTable(next, tableContext(next.table, options), cache, before);
  const plan = underItsName(withinDepth(planned), present, options);
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
  const ids = chains.flatMap((chain) => [...removedOneByOne(chain).map(({ id }) => id), ...anchors(chain)]);
  return [...new Set(ids)];
}

function removedOneByOne(chain: ChainDiff): readonly InstalledEntry[] {
  const { isRewritten, removedPolicy } = chain;
  if (!isRewritten) return goneFrom(chain);
  return removedPolicy === undefined ? [] : [removedPolicy];
}

/** All entries that go from a chain that stays. */
export function goneFrom({ removed, removedPolicy }: ChainDiff): readonly InstalledEntry[] {
  return removedPolicy === undefined ? removed : [...removed, removedPolicy];
}

/** Whether an entry has an nft rule in its chain: a guard, or one that can match. */
export function hasRules({ analysis, covered }: PlannedEntry): boolean {
  return analysis.live || standingGuards(analysis, covered).length > 0;
}

/** How many entries of a chain are rules of its nft chain: all, but a policy. */
export function ruleCount({ source: { kind }, entries }: Pick<PlannedChain, 'source' | 'entries'>): number {
  return entries.length - (kind === 'builtin' ? 1 : 0);
}

function anchors({ chain, old, kept, head }: ChainDiff): readonly number[] {
  const found: number[] = [];
  let waiting = false;
  for (let at = head; at < ruleCount(chain); at += 1) {
    const entry = chain.entries[at];
    if (entry === undefined || !hasRules(entry)) continue;
    const stays = old?.entries[kept[at] ?? -1];
    if (stays !== undefined && waiting) found.push(stays.id);
    waiting = stays === undefined;
  }
  return found;
}

const nothing: readonly InstalledEntry[] = [];
/**
 * The kernel looks for a rule by its handle from the chain's beginning on, and passes over those that the same
 * transaction has taken away: the time that it takes to remove rules one by one grows with the square of their number.
 */
const MANY = 64;

function diffChain(old: InstalledChain | undefined, chain: PlannedChain): ChainDiff {
  const { entries } = chain;
  const before = old?.entries ?? nothing;
  const count = ruleCount(chain);
  const oldCount = Math.max(0, before.length - (entries.length - count));
  const kept = new Int32Array(entries.length).fill(-1);
  const shorter = Math.min(count, oldCount);
  let head = 0;
  while (head < shorter && before[head]?.key === entries[head]?.key) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[oldCount - 1 - tail]?.key === entries[count - 1 - tail]?.key) tail += 1;
  for (let at = 0; at < head; at += 1) kept[at] = at;
  for (let at = 1; at <= tail; at += 1) kept[count - at] = oldCount - at;
  const keys = (all: readonly { readonly key: string }[], end: number) =>
    all.slice(head, end - tail).map(({ key }) => key);
  const pairs = keptPairs(keys(before, oldCount), keys(entries, count));
  const stays = new Uint8Array(oldCount - tail - head);
  let staying = head + tail;
  for (const [at, place] of pairs.entries()) {
    if (place < 0) continue;
    kept[head + at] = head + place;
    stays[place] = 1;
    staying += 1;
  }
  const isRewritten = oldCount >= MANY && staying <= (tail > 0 && chain.source.kind === 'user' ? 1 : 0);
  if (isRewritten) kept.fill(-1, 0, count);
  const [oldPolicy, policy] = [before[oldCount], entries[count]];
  const policyStays = oldPolicy?.key === policy?.key;
  if (policyStays && policy !== undefined) kept[count] = oldCount;
  return {
    chain,
    old,
    kept,
    head: isRewritten ? 0 : head,
    isRewritten,
    removed: isRewritten
      ? before.slice(0, oldCount)
      : before.slice(head, oldCount - tail).filter((_, at) => stays[at] === 0),
    removedPolicy: policyStays ? undefined : oldPolicy,
  };
}
