import { BpfilterError } from '../../protocol/error.ts';
import type { GuardSpec } from './guard.ts';
import { chainNamed, type PlannedChain, type TablePlan } from './plan.ts';

/**
 * Chains that may stand on a path under a base chain: NFT_JUMP_STACK_SIZE is 16 and counts the base
 * chain (nft_chain_validate, net/netfilter/nf_tables_api.c). A goto counts as a jump.
 */
const DEEPEST = 15;

/** Levels that are left when each of a rule's own chains takes as many as it can (3). */
const LEVELS_KEPT = 12;
/** Chains nested deeper than this are refused. */
const DEEPEST_INLINED = 64;

/**
 * The plan with the chains that must be written out where rules jump to them, since a path from a hook is longer
 * than nft can follow. Counted as the kernel counts when it loads the table: every jump and goto of a rule that
 * is there, reached or not; the built-in chain and guard chains are levels too. Chains that no hook leads to may
 * be as deep as they like. Throws `loop` for loops, and for chains nested deeper than 64.
 */
export function withinDepth(plan: TablePlan): TablePlan {
  const graph = new Graph(plan);
  if (graph.deepestWithHelpers() <= DEEPEST) return plan;
  const distances = graph.distances();
  const deepest = Math.max(...[...distances.values()].map(({ length }) => length));
  if (deepest > DEEPEST_INLINED) {
    throw tooDeep([...distances.values()].find(({ length }) => length === deepest) ?? [], deepest);
  }
  const level = (distance: number) => Math.ceil((distance * LEVELS_KEPT) / Math.max(deepest, LEVELS_KEPT));
  const inlined = [...distances].filter(
    ([chain, { length }]) => chain.source.kind === 'user' && level(length) === level(length - 1),
  );
  return {
    ...plan,
    inlined: new Set(inlined.map(([{ source }]) => source.name)),
    // rules that are written out behind others need guards that no rule before them covers
    guards: everyGuard(plan),
  };
}

function everyGuard({ chains }: TablePlan): ReadonlyMap<string, GuardSpec> {
  const entries = chains.flatMap((chain) => chain.entries);
  return new Map(entries.flatMap(({ analysis }) => analysis.guards.map(({ chain, spec }) => [chain, spec] as const)));
}

/** Which chain leads to which. */
class Graph {
  readonly #chains: readonly PlannedChain[];
  readonly #users: ReadonlyMap<string, PlannedChain>;
  readonly #heights = new Map<PlannedChain, number>();

  constructor({ chains }: TablePlan) {
    this.#chains = chains;
    this.#users = new Map(
      chains.filter(({ source }) => source.kind === 'user').map((chain) => [chain.source.name, chain]),
    );
  }

  /** Levels of the longest path from a hook, with those of the chains that rules have for themselves. */
  deepestWithHelpers(): number {
    const heights = this.#builtins().map((chain) => this.#height(chain, []));
    return Math.max(0, ...heights);
  }

  /** For each chain that a hook leads to, the names of the longest path there, itself included. */
  distances(): ReadonlyMap<PlannedChain, readonly string[]> {
    const found = new Map<PlannedChain, readonly string[]>();
    const order = this.#callersFirst();
    for (const chain of this.#builtins()) found.set(chain, [chain.source.name]);
    for (const chain of order) {
      const path = found.get(chain) ?? [];
      for (const next of this.#targets(chain)) {
        if ((found.get(next)?.length ?? 0) <= path.length) found.set(next, [...path, next.source.name]);
      }
    }
    return found;
  }

  #builtins(): readonly PlannedChain[] {
    return this.#chains.filter(({ source }) => source.kind === 'builtin');
  }

  /** Every chain that a hook leads to, before those that it leads to. */
  #callersFirst(): readonly PlannedChain[] {
    const order: PlannedChain[] = [];
    const done = new Set<PlannedChain>();
    const visit = (chain: PlannedChain): void => {
      if (done.has(chain)) return;
      done.add(chain);
      for (const next of this.#targets(chain)) visit(next);
      order.push(chain);
    };
    for (const chain of this.#builtins()) visit(chain);
    return order.reverse();
  }

  #targets({ entries }: PlannedChain): readonly PlannedChain[] {
    const names = new Set<string>();
    for (const { analysis } of entries) if (analysis.leadsTo !== undefined) names.add(analysis.leadsTo);
    return [...names].map((name) => chainNamed(this.#users, name));
  }

  /** Levels from the chain down, itself included. Throws `loop` for a path that comes back to itself. */
  #height(chain: PlannedChain, path: readonly string[]): number {
    const known = this.#heights.get(chain);
    if (known !== undefined) return known;
    const names = [...path, chain.source.name];
    if (path.includes(chain.source.name)) throw tooDeep(names, names.length);
    let below = 0;
    for (const { levels } of chain.entries) if (levels > below) below = levels;
    for (const next of this.#targets(chain)) below = Math.max(below, this.#height(next, names));
    this.#heights.set(chain, 1 + below);
    return 1 + below;
  }
}

function tooDeep(path: readonly string[], levels: number): BpfilterError {
  const [chain] = path.slice(-1);
  return new BpfilterError(
    'loop',
    `chain ${chain}: jumps nest ${levels} deep by way of ${path.join(' → ')}, more than ${DEEPEST_INLINED}, or in a loop`,
  );
}
