import type { NftFamily } from '../../../protocol/family.ts';
import { type CounterPlace, parseCounterChain } from '../../../rules/bpf/document.ts';
import { CounterListing } from '../../../rules/nft/counter-listing.ts';
import { isBpfTable } from '../../../rules/nft/names.ts';
import type { DataPlane } from '../data-plane.ts';
import type { BpfLoader } from './loader.ts';

/**
 * Where the counters of a table lie that BPF carries, the latest first; none when the kernel has no such table. There
 * may be those, too, that the generation before had.
 */
export function counterPlaces(plane: DataPlane, family: NftFamily, table: string): readonly CounterPlace[] {
  return plane
    .listChains(family)
    .flatMap((chain) => (chain.table === table ? (parseCounterChain(chain.name) ?? []) : []))
    .sort((one, other) => other.firstId - one.firstId);
}

/** A data plane whose counters are read from BPF's maps where a table has them there. */
export function withBpfCounters(plane: DataPlane, loader: BpfLoader): DataPlane {
  return {
    ...plane,
    listCounters(family, table) {
      if (!isBpfTable(table)) return plane.listCounters(family, table);
      const [latest, ...earlier] = counterPlaces(plane, family, table);
      if (latest === undefined) return undefined;
      const counters = loader.readCounters(latest);
      if (earlier.length === 0) return counters;
      return CounterListing.of(
        [counters, ...earlier.map((place) => loader.readCounters(place))].flatMap((one) => [...one]),
      );
    },
  };
}
