import { mapNamePrefix } from '../../../protocol/map-desk.ts';
import type { CounterPlace } from '../../../rules/bpf/document.ts';
import { COUNTER_SIZE } from '../../../rules/bpf/record.ts';
import { CounterListing } from '../../../rules/nft/counter-listing.ts';
import { BPF_F_MMAPABLE, BPF_MAP_TYPE_ARRAY, createMap } from '../../../sys/bpf/map.ts';
import { mapInfo } from '../../../sys/bpf/map-info.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { mapShared, type SharedMapping } from '../../../sys/mmap.ts';

/**
 * The counters of tables that BPF carries: maps of one value, in which each processor has a slice of its own
 * (record.ts) and programs count; read in memory. Throws `syscall`.
 */
export interface CounterMaps {
  /** Makes counters, all of them 0, for so many ids from `firstId` on. */
  create(firstId: number, slots: number): CounterPlace;
  /** The map's descriptor, to load programs with before the next map is asked for; nobody's to close. */
  descriptor(place: CounterPlace): number;
  /** Every counter that isn't 0. */
  read(place: CounterPlace): CounterListing;
  /** Forgets a map; it lives on in programs. */
  close(place: CounterPlace): void;
}

export interface CounterMapsOptions {
  /** Slices of each map. */
  readonly processors: number;
  /** A descriptor of a map that an earlier driver made, to be ours; the shim gives it out. */
  readonly mapById: (id: number) => number;
}

interface OpenMap {
  readonly fd: number;
  readonly mapping: SharedMapping;
}

/** So many maps are kept open: those of all tables, and of one that is on its way out. */
export const MOST_OPEN = 12;

/** The shim gives out maps by their names. */
const MAP_NAME = `${mapNamePrefix}counts`;

export function createCounterMaps({ processors, mapById }: CounterMapsOptions): CounterMaps {
  const open = new Map<number, OpenMap>();
  const sizeOf = (slots: number) => processors * slots * COUNTER_SIZE;

  const closeMap = (id: number) => {
    const one = open.get(id);
    if (one === undefined) return;
    open.delete(id);
    one.mapping.unmap();
    closeFd(one.fd);
  };
  /** Takes the descriptor over, also where it throws. */
  const keep = (id: number, slots: number, fd: number): OpenMap => {
    let mapping: SharedMapping;
    try {
      mapping = mapShared(fd, sizeOf(slots), { writable: false });
    } catch (error) {
      closeFd(fd);
      throw error;
    }
    const map = { fd, mapping };
    open.set(id, map);
    for (const earliest of open.keys()) {
      if (open.size <= MOST_OPEN) break;
      closeMap(earliest);
    }
    return map;
  };
  const opened = ({ mapId, slots }: CounterPlace): OpenMap => open.get(mapId) ?? keep(mapId, slots, mapById(mapId));

  return {
    create(firstId, slots) {
      const fd = createMap({
        type: BPF_MAP_TYPE_ARRAY,
        keySize: 4,
        valueSize: sizeOf(slots),
        maxEntries: 1,
        flags: BPF_F_MMAPABLE,
        name: MAP_NAME,
      });
      const { id } = mapInfo(fd);
      keep(id, slots, fd);
      return { mapId: id, firstId, slots };
    },
    descriptor: (place) => opened(place).fd,
    read(place) {
      // A copy, as each counter must be read in one piece: programs go on counting.
      const words = new Uint32Array(opened(place).mapping.bytes.slice(0));
      return sumOfSlices(words, place, processors);
    },
    close: ({ mapId }) => closeMap(mapId),
  };
}

/**
 * The slices of all processors, counter by counter; those that aren't 0. In halves of 32 bits, low first, as bigints
 * are slow.
 */
export function sumOfSlices(words: Uint32Array, place: CounterPlace, processors: number): CounterListing {
  const { firstId, slots } = place;
  const listing = new CounterListing();
  const each = COUNTER_SIZE / 4;
  const carry = (low: number) => Math.floor(low / 2 ** 32);
  for (let slot = 0; slot < slots; slot += 1) {
    let [packets, bytes] = [0, 0];
    let [packetsHigh, bytesHigh] = [0, 0];
    for (let processor = 0; processor < processors; processor += 1) {
      const at = (processor * slots + slot) * each;
      packets += words[at] ?? 0;
      packetsHigh += words[at + 1] ?? 0;
      bytes += words[at + 2] ?? 0;
      bytesHigh += words[at + 3] ?? 0;
    }
    if (packets === 0 && packetsHigh === 0) continue;
    listing.add(firstId + slot, packetsHigh + carry(packets), packets, bytesHigh + carry(bytes), bytes);
  }
  return listing;
}
