import { BpfilterError } from '../../protocol/error.ts';
import { type AddressFamily, families } from '../../protocol/family.ts';
import type { DataPlane } from '../dataplane/data-plane.ts';
import { type TableId, tableIds } from '../table-id.ts';
import { snapshot } from './counter-book.ts';
import { Misbelief } from './misbelief.ts';
import type { InForce, KernelVersion, Translator } from './translator.ts';

const ATTEMPTS = 2;

export interface KernelReading {
  /** In the order of the ids given. */
  readonly counters: BigUint64Array;
  /** Every id the kernel has a counter of. */
  readonly present: Float64Array;
}

/** Asks the data plane about one table at a time. */
export interface Kernel {
  version(id: TableId): KernelVersion;
  /** Of every table. */
  versions(): ReadonlyMap<TableId, KernelVersion>;
  /** The tables of nftables that are ours, whole or what is left of one. */
  ownTables(family: AddressFamily): readonly string[];
  /** undefined when the kernel has no such table. */
  counters(id: TableId, nftTable: string, ids: Uint32Array): KernelReading | undefined;
  /** Whether every rule of a table is there: not that nobody has put others among them. Throws as `handles`. */
  isWhole(id: TableId, inForce: InForce): boolean;
  /** The rule handles of each id. Throws Misbelief when the kernel has no such table. */
  handles(id: TableId, nftTable: string): ReadonlyMap<number, readonly number[]>;
}

/** Tries again what only reads: a listing can fail when the rules change while it runs. */
function insist<T>(read: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return read();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof BpfilterError && error.code === 'dataplane')) throw error;
    }
  }
}

export function kernelOf(plane: DataPlane, translator: Translator): Kernel {
  const versionsOf = (ids: readonly TableId[], family: TableId['family']) => {
    const chains = insist(() => plane.listChains(family.nft));
    return ids.map((id) => [id, translator.versionIn(id, chains)] as const);
  };
  const handles = (id: TableId, name: string) => {
    const listing = insist(() => plane.listHandles(id.family.nft, name));
    if (listing === undefined) throw new Misbelief(new BpfilterError('dataplane', `the kernel has no table ${name}`));
    return listing;
  };
  return {
    version: (id) => versionsOf([id], id.family)[0]?.[1] ?? { kind: 'none' },
    versions: () =>
      new Map(
        families.flatMap((family) =>
          versionsOf(
            tableIds.filter((id) => id.family === family),
            family,
          ),
        ),
      ),
    ownTables(family) {
      const chains = insist(() => plane.listChains(family.nft));
      const present = new Set(chains.map(({ table }) => table));
      return tableIds
        .filter((id) => id.family === family)
        .flatMap((id) => {
          const found = translator.versionIn(id, chains);
          const { own, shared } = translator.nftNames(id);
          const ours = shared.filter(
            (name) => (found.kind === 'ours' || found.kind === 'rest') && found.nftTable === name,
          );
          return [...own, ...ours].filter((name) => present.has(name));
        });
    },
    counters(id, nftTable, ids) {
      const listing = insist(() => plane.listCounters(id.family.nft, nftTable));
      if (listing === undefined) return undefined;
      return { counters: snapshot(ids, listing), present: listing.ids() };
    },
    isWhole(id, inForce) {
      const listing = handles(id, inForce.nftTable);
      for (const [one, count] of translator.rulesOf(id, inForce)) {
        if ((listing.get(one)?.length ?? 0) !== count) return false;
      }
      return true;
    },
    handles,
  };
}
