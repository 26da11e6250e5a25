import type { NftFamily } from '../../../protocol/family.ts';
import { type CounterPlace, parseCounterChain } from '../../../rules/bpf/document.ts';
import { isBpfTable } from '../../../rules/nft/names.ts';
import type { DataPlane } from '../data-plane.ts';
import type { BpfLoader } from './loader.ts';

/** Where the counters of a table lie that BPF carries; undefined when the kernel has no such table. */
export function counterPlace(plane: DataPlane, family: NftFamily, table: string): CounterPlace | undefined {
  for (const chain of plane.listChains(family)) {
    const place = chain.table === table ? parseCounterChain(chain.name) : undefined;
    if (place !== undefined) return place;
  }
  return undefined;
}

/** A data plane whose counters are read from BPF's maps where a table has them there. */
export function withBpfCounters(plane: DataPlane, loader: BpfLoader): DataPlane {
  return {
    ...plane,
    listCounters(family, table) {
      if (!isBpfTable(table)) return plane.listCounters(family, table);
      const place = counterPlace(plane, family, table);
      return place && loader.readCounters(place);
    },
  };
}
