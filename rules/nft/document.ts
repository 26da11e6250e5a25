import { type DiffOptions, diffTable, goneFrom, type TableDiff } from './diff.ts';
import { guardRules } from './guard.ts';
import type { InstalledTable } from './installed.ts';
import type { NftDocument } from './json.ts';
import { markerName } from './names.ts';
import type { TableSource } from './source.ts';
import { ChainWriter, type HandlesOf } from './writer.ts';

export interface DocumentOptions {
  /** Names of counters (`r…`) and limits (`l…`) that no rule has used since an earlier transaction. */
  readonly garbage?: readonly string[];
}

/** One transaction, and what is in the kernel once it went through. */
export interface TableDocument {
  readonly document: NftDocument;
  readonly installed: InstalledTable;
  /** By entry of the blob: the id its counter is named for; 0 for chain heads and the table's end. */
  readonly ids: Float64Array;
  /** Entries that went. Their counters are still there, to be read once more; the next garbage. */
  readonly removedIds: readonly number[];
}

/**
 * The transaction that makes the new table of the old one: it fails when the table isn't of the
 * generation the diff was made from, leaves unchanged entries untouched, and keeps the counters of
 * removed ones. A table that moves to another name in nft leaves the old one without rules and marker, for its
 * counters to be read once more and the rest to be taken away. `handles` must know the ids of `needsHandles`. Throws what targets throw, with the
 * rule's name; `dataplane` where a handle isn't known.
 */
export function documentFor(
  diff: TableDiff,
  handles: HandlesOf,
  { garbage = [] }: DocumentOptions = {},
): TableDocument {
  const { old, moved, instance, plan } = diff;
  const writer = new ChainWriter(diff, handles);
  const { transaction, ids } = writer;
  const chains = diff.chains.map((chain) => writer.write(chain));
  const generation = ((old ?? moved)?.generation ?? 0) + 1;
  const guards = [...plan.guards.keys()];
  const installed: InstalledTable = {
    name: plan.source.table,
    nftTable: plan.context.nftTable,
    instance,
    generation,
    nextId: writer.nextId,
    chains,
    isWrittenOut: plan.inlined.size > 0,
    guards,
  };
  const removed = [...diff.chains.flatMap(goneFrom), ...diff.removedChains.flatMap(({ entries }) => entries)];
  if (moved !== undefined) transaction.abandon(moved.nftTable, markerName(moved));
  transaction.marker(old && markerName(old), markerName(installed));
  for (const name of diff.addedGuards) {
    const spec = plan.guards.get(name);
    if (spec !== undefined)
      transaction.filledChain(
        name,
        guardRules(spec).map((expr) => ({ expr })),
      );
  }
  for (const chain of diff.removedChains) transaction.dropChain(plan.context.chainName(chain.name, chain.kind));
  for (const { owned = [] } of removed) for (const name of owned) transaction.dropOwned(name);
  for (const name of diff.removedGuards) transaction.dropChain(name);
  for (const name of garbage) transaction.dropObject(name);
  return { document: { nftables: transaction.commands() }, installed, ids, removedIds: removed.map(({ id }) => id) };
}

/** The whole table as one document, as a first install makes it: for people and tests. */
export function renderTable(
  next: TableSource,
  options: Omit<DiffOptions, 'instance'> & { readonly instance?: string } = {},
): NftDocument {
  return documentFor(diffTable(undefined, next, { instance: '0', ...options }), () => []).document;
}
