import type { ChainView } from '../blob/chains.ts';
import type { BlobView } from '../blob/view.ts';
import type { Rule } from '../ir.ts';
import type { ListingOptions } from './listing-options.ts';

/**
 * The chains that are listed, in libiptc's order (libiptc.c, __iptcc_p_add_chain): as they stand in
 * the table, but a user chain that comes too late in the alphabet before the first one it should
 * precede. Names compare by bytes.
 */
export function listedChains(view: BlobView, { chain: wanted }: Pick<ListingOptions, 'chain'>): readonly ChainView[] {
  const order: ChainView[] = [];
  for (const chain of view.chains) {
    const last = order.at(-1);
    const inPlace = chain.kind === 'builtin' || last === undefined || last.kind === 'builtin' || chain.name > last.name;
    const place = inPlace ? -1 : order.findIndex((other) => other.kind === 'user' && chain.name <= other.name);
    order.splice(place === -1 ? order.length : place, 0, chain);
  }
  return wanted === undefined ? order : order.filter(({ name }) => name === wanted);
}

/**
 * A text for each listed rule of a chain. Rules are decoded one by one and not kept: a table may have
 * very many. `number` is the rule's place in its chain, from 1.
 */
export function mapRules(
  view: BlobView,
  { first, last }: ChainView,
  { ruleNumber }: Pick<ListingOptions, 'ruleNumber'>,
  text: (rule: Rule, number: number) => string,
): string {
  if (ruleNumber !== undefined) {
    const index = first + ruleNumber - 1;
    return index < last ? text(view.rule(index), ruleNumber) : '';
  }
  const parts: string[] = [];
  for (let index = first; index < last; index += 1) parts.push(text(view.rule(index), index - first + 1));
  return parts.join('');
}

/** How many rules jump or go to each user chain. */
export function referenceCounts(view: BlobView): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (!view.chains.some(({ kind }) => kind === 'user')) return counts;
  for (const { first, last } of view.chains) {
    for (let index = first; index < last; index += 1) {
      const { target } = view.rule(index);
      if (target.kind !== 'jump' && target.kind !== 'goto') continue;
      counts.set(target.chain, (counts.get(target.chain) ?? 0) + 1);
    }
  }
  return counts;
}
