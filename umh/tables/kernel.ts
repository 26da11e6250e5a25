import { BpfilterError } from '../../protocol/error.ts';
import { type AddressFamily, families } from '../../protocol/family.ts';
import type { CounterListing } from '../../rules/nft/counter-listing.ts';
import { hookChainName, isBpfTable } from '../../rules/nft/names.ts';
import type { CounterGlance, DataPlane } from '../dataplane/data-plane.ts';
import { type TableId, tableIds } from '../table-id.ts';
import { snapshot } from './counter-book.ts';
import { Misbelief } from './misbelief.ts';
import type { InForce, KernelVersion, Translator } from './translator.ts';

const ATTEMPTS = 2;
/** So many counters are asked for one by one. */
const FEW = 16;

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
  /**
   * How many packets each base chain of a table has let in; undefined where that isn't counted. As long as it stays the
   * same, so do all counters.
   */
  passed(id: TableId, nftTable: string): readonly number[] | undefined;
  /** Of a few ids alone; undefined where they can't be had without the others. */
  fewCounters(id: TableId, nftTable: string, ids: readonly number[]): CounterListing | undefined;
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
  /** A shortcut: where it fails there is the long way. */
  const glance = <T>(nftTable: string, look: (at: CounterGlance) => T | undefined): T | undefined => {
    // BPF keeps counters where they are read at once
    if (plane.glance === undefined || isBpfTable(nftTable)) return undefined;
    try {
      return look(plane.glance);
    } catch (error) {
      if (error instanceof BpfilterError) return undefined;
      throw error;
    }
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
    passed: ({ family, name }, nftTable) =>
      glance(nftTable, ({ passed }) => {
        const chains = family.tables[name].chains.map((chain) => hookChainName(chain.name));
        return passed(family.nft, nftTable, chains);
      }),
    fewCounters: ({ family }, nftTable, ids) =>
      ids.length > FEW ? undefined : glance(nftTable, ({ counters }) => counters(family.nft, nftTable, ids)),
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
