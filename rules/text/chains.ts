import type { ChainView } from '../blob/chains.ts';
import type { BlobView } from '../blob/view.ts';
import type { Rule } from '../ir.ts';

/** A chain of a table that was read once, with what the listing needs of it. */
export interface ListedChain {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Of a built-in chain: its policy. */
  readonly policy: Rule | undefined;
  /** How many rules of the table jump or go to it. */
  readonly references: number;
}

/**
 * The table's chains as libiptc puts them: built-in ones as they stand in the table, user chains
 * sorted by the bytes of their names behind them.
 */
export function listedChains(view: BlobView): readonly ListedChain[] {
  const references = new Map<string, number>();
  const read = view.chains.map((chain) => ({ chain, rules: rulesOf(view, chain) }));
  for (const { rules } of read) {
    for (const { target } of rules) {
      if (target.kind !== 'jump' && target.kind !== 'goto') continue;
      references.set(target.chain, (references.get(target.chain) ?? 0) + 1);
    }
  }
  const chains = read.map(({ chain, rules }) => ({
    kind: chain.kind,
    name: chain.name,
    rules,
    policy: chain.kind === 'builtin' ? view.rule(chain.last) : undefined,
    references: references.get(chain.name) ?? 0,
  }));
  const builtin = chains.filter(({ kind }) => kind === 'builtin');
  const user = chains.filter(({ kind }) => kind === 'user').sort((a, b) => byBytes(a.name, b.name));
  return [...builtin, ...user];
}

function rulesOf(view: BlobView, { first, last }: ChainView): readonly Rule[] {
  return Array.from({ length: last - first }, (_, index) => view.rule(first + index));
}

/** strcmp of latin1 text: the order of UTF-16 units is the order of the bytes. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
