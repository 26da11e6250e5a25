import type { Counters } from '../ir.ts';

/** Words of 32 bits for each counter: packets, bytes, each its low half first (little-endian machines). */
const WORDS = 4;
const ROOM = 256;

/**
 * Counters of rule ids as the kernel told them, in its order. Kept in two flat arrays: a table of ten thousand rules
 * has as many, and an object and two bigints for each would cost more than reading them. Iterates as a map does.
 */
export class CounterListing implements Iterable<readonly [id: number, counters: Counters]> {
  #ids = new Float64Array(ROOM);
  #words = new Uint32Array(ROOM * WORDS);
  #size = 0;

  static of(counters: Iterable<readonly [number, Counters]>): CounterListing {
    const listing = new CounterListing();
    for (const [id, { packets, bytes }] of counters) {
      const half = (value: bigint, shift: bigint) => Number(BigInt.asUintN(32, value >> shift));
      listing.add(id, half(packets, 32n), half(packets, 0n), half(bytes, 32n), half(bytes, 0n));
    }
    return listing;
  }

  get size(): number {
    return this.#size;
  }

  /** One counter, its numbers as upper and lower halves. */
  add(id: number, packetsHigh: number, packetsLow: number, bytesHigh: number, bytesLow: number): void {
    if (this.#size === this.#ids.length) this.#grow();
    const at = this.#size;
    const words = this.#words;
    this.#ids[at] = id;
    words[at * WORDS] = packetsLow;
    words[at * WORDS + 1] = packetsHigh;
    words[at * WORDS + 2] = bytesLow;
    words[at * WORDS + 3] = bytesHigh;
    this.#size = at + 1;
  }

  /** Every id that has a counter. */
  ids(): Float64Array {
    return this.#ids.subarray(0, this.#size);
  }

  /** In the order of `ids`: packets, bytes, packets, … */
  values(): BigUint64Array {
    return new BigUint64Array(this.#words.buffer, 0, 2 * this.#size);
  }

  *[Symbol.iterator](): Iterator<readonly [number, Counters]> {
    const values = this.values();
    for (const [at, id] of this.ids().entries())
      yield [id, { packets: values[2 * at] ?? 0n, bytes: values[2 * at + 1] ?? 0n }];
  }

  #grow(): void {
    const ids = new Float64Array(this.#ids.length * 4);
    ids.set(this.#ids);
    this.#ids = ids;
    const words = new Uint32Array(this.#words.length * 4);
    words.set(this.#words);
    this.#words = words;
  }
}
