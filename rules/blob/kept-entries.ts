import { keptPairs } from '../nft/kept.ts';
import type { ChainView } from './chains.ts';
import { KeyNumbers } from './key-numbers.ts';
import { type TableParts, unchangedEntries } from './unchanged.ts';

/**
 * By entry of `next`: the entry of `previous` that it goes on from, of the chain of the same name, or -1. Pairs have the
 * same key and keep their order; there are as many of them as can be where no rule is there twice.
 */
export function keptEntries(next: TableParts, previous: TableParts): Int32Array {
  const kept = unchangedEntries(next, previous);
  const chains = new Map(previous.graph.chains.map((chain) => [chainIdentity(chain), chain]));
  for (const chain of next.graph.chains) {
    const old = chains.get(chainIdentity(chain));
    if (old !== undefined) keepBetween(next, previous, { chain, old, kept });
  }
  return kept;
}

/** Looks for entries that have moved, between those at both ends of a chain that haven't. */
function keepBetween(
  next: TableParts,
  previous: TableParts,
  { chain, old, kept }: { readonly chain: ChainView; readonly old: ChainView; readonly kept: Int32Array },
): void {
  let [first, last] = [chain.first, chain.last];
  while (first <= last && (kept[first] ?? -1) >= 0) first += 1;
  while (last >= first && (kept[last] ?? -1) >= 0) last -= 1;
  const oldFirst = old.first + (first - chain.first);
  const count = last - first + 1;
  const oldCount = old.last - (chain.last - last) - oldFirst + 1;
  if (count === 0 || oldCount === 0) return;
  const numbers = new KeyNumbers([next, previous], count + oldCount);
  const before = numbers.ofRange(1, oldFirst, oldCount);
  const known = numbers.count;
  const after = numbers.ofRange(0, first, count);
  if (!after.some((number) => number < known)) return;
  for (const [at, partner] of keptPairs(before, after).entries()) {
    if (partner >= 0) kept[first + at] = oldFirst + partner;
  }
}

function chainIdentity({ kind, name }: ChainView): string {
  return `${kind} ${name}`;
}
