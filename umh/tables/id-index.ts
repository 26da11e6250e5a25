/** Ids of a table may be spread this many times wider than there are entries, to be looked up in an array. */
const WIDEST = 8;

/**
 * Where each rule id of a table stands, by entry. Ids are handed out one after the other, so most tables have
 * them close together; only a table that changed a great deal since it was made needs a map.
 */
export class IdIndex {
  readonly #lowest: number;
  readonly #places: Int32Array | undefined;
  readonly #map: Map<number, number> | undefined;

  /** @param ids by entry; 0 for none */
  constructor(ids: Uint32Array) {
    let lowest = Number.POSITIVE_INFINITY;
    let highest = 0;
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] ?? 0;
      if (id === 0) continue;
      if (id < lowest) lowest = id;
      if (id > highest) highest = id;
    }
    this.#lowest = lowest;
    const width = highest - lowest + 1;
    if (width > WIDEST * ids.length + 1024) {
      this.#map = new Map();
      for (let at = 0; at < ids.length; at += 1) this.#map.set(ids[at] ?? 0, at);
      this.#map.delete(0);
      return;
    }
    const places = new Int32Array(Math.max(width, 0)).fill(-1);
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] ?? 0;
      if (id !== 0) places[id - lowest] = at;
    }
    this.#places = places;
  }

  /** The entry that has this id; -1 for none. */
  at(id: number): number {
    if (this.#places === undefined) return this.#map?.get(id) ?? -1;
    return this.#places[id - this.#lowest] ?? -1;
  }
}
