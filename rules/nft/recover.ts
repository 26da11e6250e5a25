import { tableContext } from './context.ts';
import { withinDepth } from './depth.ts';
import type { DiffOptions } from './diff.ts';
import type { InstalledTable } from './installed.ts';
import type { Generation } from './names.ts';
import { planTable } from './plan.ts';
import type { TableSource } from './source.ts';
import { compileEntry, ownedBy } from './writer.ts';

/**
 * What is in the kernel, from a table that was put in force earlier and the ids it got then (by entry of
 * the blob): for a driver that has only its state on disk. Throws as `diffTable`.
 */
export function installedFrom(
  source: TableSource,
  ids: ArrayLike<number>,
  { generation, instance, nextId }: Generation & { readonly nextId: number },
  options: Omit<DiffOptions, 'instance'> = {},
): InstalledTable {
  const plan = withinDepth(planTable(source, tableContext(source.table, options), options.cache ?? new Map()));
  const chains = plan.chains.map((planned) => ({
    kind: planned.source.kind,
    name: planned.source.name,
    entries: planned.entries.map((entry, at) => {
      const index = planned.source.first + at;
      const id = ids[index] ?? 0;
      const owned = entry.analysis.parts === undefined ? {} : ownedBy(compileEntry(plan, index, entry, id));
      return { id, key: entry.key, ...owned };
    }),
    planned,
  }));
  return {
    name: source.table,
    nftTable: plan.context.nftTable,
    instance,
    generation,
    nextId,
    chains,
    isWrittenOut: plan.inlined.size > 0,
    guards: [...plan.guards.keys()],
  };
}
