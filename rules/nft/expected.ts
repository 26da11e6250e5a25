import { type DiffOptions, diffTable } from './diff.ts';
import { documentFor } from './document.ts';
import { ruleEntry } from './listing.ts';
import type { TableSource } from './source.ts';

/**
 * How many nft rules each entry of a table has while nobody else has touched them, by its place in the
 * blob. The same table always gives the same.
 */
export function rulesPerEntry(next: TableSource, options: Omit<DiffOptions, 'instance'>): Uint32Array {
  const { document, ids } = documentFor(diffTable(undefined, next, { ...options, instance: '0' }), () => []);
  const placeOf = new Map<number, number>();
  ids.forEach((id, place) => {
    if (id !== 0) placeOf.set(id, place);
  });
  const counts = new Uint32Array(ids.length);
  for (const command of document.nftables) {
    if (!('add' in command) || !('rule' in command.add)) continue;
    const id = ruleEntry(command.add.rule);
    const place = id === undefined ? undefined : placeOf.get(id);
    if (place !== undefined) counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}
