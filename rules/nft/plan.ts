import { BpfilterError } from '../../protocol/error.ts';
import { cannotExpress } from '../extension.ts';
import {
  type Analysis,
  type AnalysisCache,
  analyse,
  effectiveKey,
  holdsFor,
  known,
  remember,
  standingGuards,
} from './analysis.ts';
import { naming, type TableContext } from './context.ts';
import type { GuardSpec } from './guard.ts';
import { GuardMemory } from './guard-memory.ts';
import { Reach } from './reach.ts';
import { type RuleParts, ruleParts } from './rule-parts.ts';
import type { ChainSource, TableSource } from './source.ts';

/** An entry of the new table. */
export interface PlannedEntry {
  /** Its place in the blob. */
  readonly index: number;
  /** Equal keys: the same nft rules, but for the id. It has the hooks in it where they count. */
  readonly key: string;
  readonly analysis: Analysis;
  /** Which of its guards are left out: 1 << index (`isCovered`). */
  readonly covered: number;
}

export interface PlannedChain {
  readonly source: ChainSource;
  /** All of them, policy or closing RETURN included. */
  readonly entries: readonly PlannedEntry[];
}

export interface TablePlan {
  readonly source: TableSource;
  readonly context: TableContext;
  readonly chains: readonly PlannedChain[];
  /** User chains that are written out where rules jump to them (inline.ts): nft doesn't follow that deep. */
  readonly inlined: ReadonlySet<string>;
  /** The shared guard chains it needs, by name. */
  readonly guards: ReadonlyMap<string, GuardSpec>;
}

/**
 * What of each entry decides how it looks in nft, decoding only entries whose key the cache doesn't
 * know. Throws `not-expressible` and what extensions throw, with the rule's name.
 */
export function planTable(source: TableSource, context: TableContext, cache: AnalysisCache): TablePlan {
  const guards = new Map<string, GuardSpec>();
  const taken = new Set<string>();
  const chains = source.chains.map((chain) => planChain(source, chain, context, cache, guards, taken));
  prune(cache, source, chains);
  return { source, context, chains, guards, inlined: new Set() };
}

/** How people know a rule: its number in the chain counts from 1. */
export function ruleName(chain: ChainSource, index: number): string {
  if (index === chain.last) return `${chain.kind === 'builtin' ? 'policy' : 'end'} of chain ${chain.name}`;
  return `rule ${index - chain.first + 1} of chain ${chain.name}`;
}

function planChain(
  source: TableSource,
  chain: ChainSource,
  context: TableContext,
  cache: AnalysisCache,
  guards: Map<string, GuardSpec>,
  taken: Set<string>,
): PlannedChain {
  const memory = new GuardMemory();
  const slots = source.slots?.(cache) ?? [];
  const entries: PlannedEntry[] = [];
  for (let index = chain.first; index <= chain.last; index += 1) {
    let analysis = slots[index];
    const hooks = source.hooks[index] ?? 0;
    if (analysis === undefined || !holdsFor(analysis, hooks)) {
      const key = source.key(index);
      analysis =
        known(cache, key, hooks) ??
        naming(ruleName(chain, index), () => analyse(source.rule(index), key, context, hooks));
      remember(cache, key, analysis);
      slots[index] = analysis;
    }
    for (const name of analysis.exclusive) takeName(name, taken, ruleName(chain, index));
    const covered = coverage(analysis, memory);
    if (analysis.guards.length > 0)
      for (const { chain: name, spec } of standingGuards(analysis, covered)) guards.set(name, spec);
    entries.push({ index, key: effectiveKey(analysis, covered), analysis, covered });
  }
  return { source: chain, entries };
}

function takeName(name: string, taken: Set<string>, rule: string): void {
  if (taken.has(name)) cannotExpress(`${rule}: ${name} in two rules: nft by itself can't share its state between them`);
  taken.add(name);
}

function coverage({ guards, header }: Analysis, memory: GuardMemory): number {
  if (header === undefined) return 0;
  let covered = 0;
  let index = 0;
  for (const { spec, covers } of guards) {
    if (memory.covers(spec, header)) covered |= index < 31 ? 1 << index : 0;
    else if (covers) memory.remember(spec, header);
    index += 1;
  }
  return covered;
}

/** Keeps the cache from growing with every table that ever was. */
function prune(cache: AnalysisCache, source: TableSource, chains: readonly PlannedChain[]): void {
  if (cache.size <= 2 * source.offsets.length + 1000) return;
  const entries = chains.flatMap((chain) => chain.entries);
  const used = new Set(entries.flatMap(({ index, analysis }) => [source.key(index), analysis.key]));
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
  return ruleParts(source.rule(index), context, new Reach(source.hooks[index] ?? 0));
}
