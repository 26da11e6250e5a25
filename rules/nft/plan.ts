import { BpfilterError } from '../../protocol/error.ts';
import { cannotExpress } from '../extension.ts';
import {
  type Analysis,
  type AnalysisCache,
  analyse,
  holdsFor,
  known,
  type PlannedEntry,
  plannedEntry,
  remember,
  standingGuards,
} from './analysis.ts';
import { naming, type TableContext } from './context.ts';
import type { GuardSpec } from './guard.ts';
import { GuardMemory } from './guard-memory.ts';
import { Reach } from './reach.ts';
import { type RuleParts, ruleParts } from './rule-parts.ts';
import { type ChainSource, chainIdentity, type TableSource } from './source.ts';

/** A guard chain that entries of a chain need. */
interface GuardUse {
  /** The first entry that needs it, by its place in the chain. */
  readonly at: number;
  readonly name: string;
  readonly spec: GuardSpec;
}

export interface PlannedChain {
  readonly source: ChainSource;
  /** All of them, policy or closing RETURN included; the first one stands at `source.first` in the blob. */
  readonly entries: readonly PlannedEntry[];
  readonly guards: readonly GuardUse[];
  /** What came of its guards. */
  readonly memory: GuardMemory;
  /** An entry of it claims a name that no other may have. */
  readonly isExclusive: boolean;
}

export interface TablePlan {
  readonly source: TableSource;
  readonly context: TableContext;
  readonly chains: readonly PlannedChain[];
  /** User chains that are written out where rules jump to them (inline.ts): nft doesn't follow that deep. */
  readonly inlined: ReadonlySet<string>;
  /** The shared guard chains it needs, by name. */
  readonly guards: ReadonlyMap<string, GuardSpec>;
  /** Translations of entries that weren't known before: they are needed once more, at once. */
  readonly fresh: ReadonlyMap<Analysis, RuleParts>;
}

/** So many of them are kept; of more than that memory would be the bottleneck, and they are made again. */
const MOST_FRESH = 20_000;

/**
 * What of each entry decides how it looks in nft, decoding only entries whose key the cache doesn't know. `previous`:
 * chains of the table before, by `chainIdentity`; entries that a chain begins with, as it did there, aren't looked at
 * again. Throws `not-expressible` and what extensions throw, with the rule's name.
 */
export function planTable(
  source: TableSource,
  context: TableContext,
  cache: AnalysisCache,
  previous: ReadonlyMap<string, PlannedChain> = new Map(),
): TablePlan {
  const guards = new Map<string, GuardSpec>();
  const fresh = new Map<Analysis, RuleParts>();
  const planning = { source, context, cache, slots: source.slots?.(cache) ?? [], taken: new Set<string>(), fresh };
  const chains = source.chains.map((chain) => planChain(planning, chain, previous.get(chainIdentity(chain))));
  for (const chain of chains) for (const { name, spec } of chain.guards) guards.set(name, spec);
  prune(cache, source, chains);
  return { source, context, chains, guards, inlined: new Set(), fresh };
}

/** How people know a rule: its number in the chain counts from 1. */
export function ruleName(chain: ChainSource, index: number): string {
  if (index === chain.last) return `${chain.kind === 'builtin' ? 'policy' : 'end'} of chain ${chain.name}`;
  return `rule ${index - chain.first + 1} of chain ${chain.name}`;
}

/** What planning a table's chains has in common. */
interface Planning {
  readonly source: TableSource;
  readonly context: TableContext;
  readonly cache: AnalysisCache;
  /** What is known of each entry of the blob. */
  readonly slots: (Analysis | undefined)[];
  /** Names that only one entry may have. */
  readonly taken: Set<string>;
  readonly fresh: Map<Analysis, RuleParts>;
}

function planChain(planning: Planning, chain: ChainSource, previous: PlannedChain | undefined): PlannedChain {
  const { source, cache, slots, taken } = planning;
  const same = previous === undefined ? 0 : sameBeginning(planning, chain, previous);
  const entries = previous?.entries.slice(0, same) ?? [];
  const memory = previous?.memory.before(same) ?? new GuardMemory();
  const guards = previous?.guards.filter(({ at }) => at < same) ?? [];
  const needed = new Set(guards.map(({ name }) => name));
  let isExclusive = false;
  for (let at = same; at <= chain.last - chain.first; at += 1) {
    const index = chain.first + at;
    let analysis = slots[index];
    const hooks = source.jumpHooks[index] ?? 0;
    if (analysis === undefined || !holdsFor(analysis, hooks)) {
      const key = source.key(index);
      analysis = known(cache, key, hooks) ?? newAnalysis(planning, chain, index, key);
      remember(cache, key, analysis);
      slots[index] = analysis;
    }
    for (const name of analysis.exclusive) {
      takeName(name, taken, ruleName(chain, index));
      isExclusive = true;
    }
    const covered = coverage(analysis, memory, at);
    if (analysis.guards.length > 0) {
      for (const { chain: name, spec } of standingGuards(analysis, covered)) {
        if (needed.has(name)) continue;
        needed.add(name);
        guards.push({ at, name, spec });
      }
    }
    entries.push(plannedEntry(analysis, covered));
  }
  return { source: chain, entries, guards, memory, isExclusive };
}

function newAnalysis({ source, context, fresh }: Planning, chain: ChainSource, index: number, key: string): Analysis {
  const hooks = source.jumpHooks[index] ?? 0;
  const { analysis, parts } = naming(ruleName(chain, index), () => analyse(source.rule(index), key, context, hooks));
  if (fresh.size < MOST_FRESH) fresh.set(analysis, parts);
  return analysis;
}

/** How many entries a chain begins with that stood there before: whatever came of those comes of them again. */
function sameBeginning({ source, slots }: Planning, { first, last }: ChainSource, previous: PlannedChain): number {
  const { entries, isExclusive } = previous;
  if (isExclusive) return 0;
  const most = Math.min(entries.length, last - first + 1);
  let same = 0;
  for (; same < most; same += 1) {
    const analysis = slots[first + same];
    if (analysis === undefined || analysis !== entries[same]?.analysis) break;
    if (!holdsFor(analysis, source.jumpHooks[first + same] ?? 0)) break;
  }
  return same;
}

function takeName(name: string, taken: Set<string>, rule: string): void {
  if (taken.has(name)) cannotExpress(`${rule}: ${name} in two rules: nft by itself can't share its state between them`);
  taken.add(name);
}

function coverage({ guards, header }: Analysis, memory: GuardMemory, at: number): number {
  if (header === undefined) return 0;
  let covered = 0;
  let index = 0;
  for (const { spec, covers } of guards) {
    if (memory.covers(spec, header)) covered |= index < 31 ? 1 << index : 0;
    else if (covers) memory.remember(spec, header, at);
    index += 1;
  }
  return covered;
}

/** Keeps the cache from growing with every table that ever was. */
function prune(cache: AnalysisCache, source: TableSource, chains: readonly PlannedChain[]): void {
  if (cache.size <= 2 * source.offsets.length + 1000) return;
  const used = new Set<string>();
  for (const { source: chain, entries } of chains) {
    for (const [at, { analysis }] of entries.entries()) used.add(source.key(chain.first + at)).add(analysis.key);
  }
  for (const key of cache.keys()) if (!used.has(key)) cache.delete(key);
}

/** The chain of a name; every jump of a validated table leads to one. */
export function chainNamed(chains: ReadonlyMap<string, PlannedChain>, name: string): PlannedChain {
  const chain = chains.get(name);
  if (chain === undefined) throw new BpfilterError('loop', `jump to chain ${name}, which isn't there`);
  return chain;
}

/** Translates an entry of a plan once more. */
export function entryParts({ source, context }: Pick<TablePlan, 'source' | 'context'>, index: number): RuleParts {
  return ruleParts(source.rule(index), context, new Reach(source.jumpHooks[index] ?? 0));
}
