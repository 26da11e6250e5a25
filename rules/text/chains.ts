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

/** The table's chains in libiptc's order, each rule decoded. */
export function listedChains(view: BlobView): readonly ListedChain[] {
  const read = view.chains.map((chain) => ({ chain, rules: rulesOf(view, chain) }));
  const references = referencesIn(read.flatMap(({ rules }) => rules));
  const chains = read.map(({ chain, rules }) => ({
    kind: chain.kind,
    name: chain.name,
    rules,
    policy: chain.kind === 'builtin' ? view.rule(chain.last) : undefined,
    references: references.get(chain.name) ?? 0,
  }));
  return inLibraryOrder(chains);
}

/** How many rules jump or go to each user chain. */
function referencesIn(rules: readonly Rule[]): ReadonlyMap<string, number> {
  const references = new Map<string, number>();
  for (const { target } of rules) {
    if (target.kind !== 'jump' && target.kind !== 'goto') continue;
    references.set(target.chain, (references.get(target.chain) ?? 0) + 1);
  }
  return references;
}

/**
 * As libiptc puts chains when it reads a table (libiptc.c, __iptcc_p_add_chain): in the table's order,
 * but a user chain that comes too late in the alphabet before the first one it should precede. Names
 * compare by bytes.
 */
function inLibraryOrder<Chain extends Pick<ChainView, 'kind' | 'name'>>(chains: readonly Chain[]): readonly Chain[] {
  const order: Chain[] = [];
  for (const chain of chains) {
    const last = order.at(-1);
    const inPlace = chain.kind === 'builtin' || last === undefined || last.kind === 'builtin' || chain.name > last.name;
    const place = inPlace ? -1 : order.findIndex((other) => other.kind === 'user' && chain.name <= other.name);
    order.splice(place === -1 ? order.length : place, 0, chain);
  }
  return order;
}

function rulesOf(view: BlobView, { first, last }: ChainView): readonly Rule[] {
  return Array.from({ length: last - first }, (_, index) => view.rule(first + index));
}
