import { BpfilterError } from '../../protocol/error.ts';
import { isLate, standingGuards } from './analysis.ts';
import { chainNamed, type PlannedChain, type PlannedEntry, type TablePlan } from './plan.ts';
import type { RuleParts } from './rule-parts.ts';
import { ownDepth } from './stateful.ts';

/**
 * Chains that may stand on a path under a base chain: NFT_JUMP_STACK_SIZE is 16 and counts the base
 * chain (nft_chain_validate, net/netfilter/nf_tables_api.c). A goto counts as a jump.
 */
const DEEPEST = 15;

/**
 * Throws `loop` when a path from a hook is longer than nft can follow. Counted as the kernel counts when
 * it loads the table: every jump and goto of a rule that is there, reached or not; the built-in chain
 * and guard chains are levels too. Chains that no hook leads to may be as deep as they like.
 */
export function checkDepth({ chains }: TablePlan): void {
  const users = new Map(
    chains.filter(({ source }) => source.kind === 'user').map((chain) => [chain.source.name, chain]),
  );
  const heights = new Map<PlannedChain, number>();

  /** Levels from the chain down, itself included. */
  function height(chain: PlannedChain, path: readonly string[]): number {
    const known = heights.get(chain);
    const names = [...path, chain.source.name];
    const found = known ?? heightOf(chain, names);
    if (path.length + found > DEEPEST) throw tooDeep(names, path.length + found);
    heights.set(chain, found);
    return found;
  }

  function heightOf({ entries }: PlannedChain, names: readonly string[]): number {
    if (names.length > DEEPEST) throw tooDeep(names, names.length);
    let below = 0;
    const targets = new Set<string>();
    for (const entry of entries) {
      if (entry.analysis.guards.length > 0 || entry.analysis.parts !== undefined)
        below = Math.max(below, helperLevels(entry));
      if (entry.analysis.leadsTo !== undefined) targets.add(entry.analysis.leadsTo);
    }
    for (const target of targets) below = Math.max(below, height(chainNamed(users, target), names));
    return 1 + below;
  }

  for (const chain of chains) if (chain.source.kind === 'builtin') height(chain, []);
}

/** Levels that the chains take which an entry has for itself: guards, and what a state needs. */
function helperLevels({ analysis, covered }: PlannedEntry): number {
  const needed = standingGuards(analysis, covered);
  const late = needed.filter((guard) => isLate(analysis, guard));
  const own = analysis.parts === undefined ? 0 : Math.max(ownDepth(analysis.parts, late), targetDepth(analysis.parts));
  return Math.max(own, needed.length > late.length ? 1 : 0);
}

/** A target's own chain is a level, if any packet gets there. */
function targetDepth({ target }: RuleParts): number {
  return target.chain === undefined ? 0 : 1;
}

function tooDeep(path: readonly string[], levels: number): BpfilterError {
  const [chain] = path.slice(-1);
  return new BpfilterError(
    'loop',
    `chain ${chain}: jumps nest ${levels} deep by way of ${path.join(' → ')}, nftables follows ${DEEPEST} (chains that drop broken packets count too)`,
  );
}
