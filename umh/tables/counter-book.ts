import { BpfilterError } from '../../protocol/error.ts';
import type { CounterListing } from '../../rules/nft/counter-listing.ts';
import { IdIndex } from './id-index.ts';

/**
 * The counters of a table, entry by entry: packets at 2 i, bytes at 2 i + 1, all mod 2^64.
 * The table's counter = the kernel's counter + base. `seen` is the kernel's counter as it was read
 * last: all that is left of it when somebody takes the rules away.
 */
export interface CounterBook {
  readonly base: BigUint64Array;
  readonly seen: BigUint64Array;
}

/** All zero. */
export function freshBook(entries: number): CounterBook {
  return { base: new BigUint64Array(2 * entries), seen: new BigUint64Array(2 * entries) };
}

/** How many entries a book is of. */
export function entriesOf(book: CounterBook): number {
  return book.base.length / 2;
}

/** The halves of each number, low first: most counters are 0 or small, and bigints are slow. */
function halves(numbers: BigUint64Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, 2 * numbers.length);
}

/** The kernel's counters in the order of the entries: 0 where an entry has no id or the kernel no counter. */
export function snapshot(ids: Uint32Array, kernel: CounterListing): BigUint64Array {
  const values = new BigUint64Array(2 * ids.length);
  const [to, from] = [halves(values), halves(kernel.values())];
  const present = kernel.ids();
  const index = new IdIndex(ids);
  for (let at = 0; at < present.length; at += 1) {
    const place = index.at(present[at] ?? 0);
    if (place < 0) continue;
    for (let half = 0; half < 4; half += 1) to[4 * place + half] = from[4 * at + half] ?? 0;
  }
  return values;
}

/** The same counters, but for the few that were read once more. */
export function updated(ids: Uint32Array, counters: BigUint64Array, few: CounterListing): BigUint64Array {
  const result = counters.slice();
  const values = few.values();
  for (const [at, id] of few.ids().entries()) {
    const place = 2 * ids.indexOf(id);
    if (place < 0) continue;
    result[place] = values[2 * at] ?? 0n;
    result[place + 1] = values[2 * at + 1] ?? 0n;
  }
  return result;
}

/** The ids (0 is none) that no entry has. */
export function withoutEntry(present: Float64Array | Uint32Array, ids: Uint32Array): readonly number[] {
  const index = new IdIndex(ids);
  const found: number[] = [];
  for (let at = 0; at < present.length; at += 1) {
    const id = present[at] ?? 0;
    if (id !== 0 && index.at(id) < 0) found.push(id);
  }
  return found;
}

/** Sum, element by element, mod 2^64. */
export function sum(one: BigUint64Array, other: BigUint64Array): BigUint64Array {
  if (one.length !== other.length) {
    throw new BpfilterError(
      'state',
      `counters of ${one.length / 2} and of ${other.length / 2} entries don't belong together`,
    );
  }
  const result = one.slice();
  const [to, from] = [halves(result), halves(other)];
  for (let at = 0; at < to.length; at += 2) {
    const low = (to[at] ?? 0) + (from[at] ?? 0);
    const carry = low >= 2 ** 32 ? 1 : 0;
    to[at] = low;
    to[at + 1] = (to[at + 1] ?? 0) + (from[at + 1] ?? 0) + carry;
  }
  return result;
}

/** The table's counters as they were last known. */
export function lastKnown(book: CounterBook): BigUint64Array {
  return sum(book.base, book.seen);
}

/** The same table with counters added (ADD_COUNTERS). */
export function addToBook(book: CounterBook, given: BigUint64Array): CounterBook {
  return { base: sum(book.base, given), seen: book.seen };
}

/**
 * The book of a replaced table. An id that stays goes on counting in the kernel from what it was at
 * `now`, and the table's counter from 0; a new id starts at 0 in both.
 */
export function bookAfterReplace(oldIds: Uint32Array, now: BigUint64Array, newIds: Uint32Array): CounterBook {
  const book = freshBook(newIds.length);
  const index = new IdIndex(newIds);
  const [from, seen] = [halves(now), halves(book.seen)];
  for (let i = 0; i < oldIds.length; i++) {
    const at = index.at(oldIds[i] ?? 0);
    if (at < 0) continue;
    for (let half = 0; half < 4; half += 1) seen[4 * at + half] = from[4 * i + half] ?? 0;
    for (const word of [2 * at, 2 * at + 1]) {
      if (seen[2 * word] !== 0 || seen[2 * word + 1] !== 0) book.base[word] = -(book.seen[word] ?? 0n);
    }
  }
  return book;
}

/** Writes counters into a copy of the entries, at `counterOffset` within each; all of these are multiples of 4. */
export function patchCounters(
  entries: Uint8Array,
  offsets: Uint32Array,
  counterOffset: number,
  counters: BigUint64Array,
): Uint8Array {
  const patched = new Uint8Array(entries);
  const to = new Uint32Array(patched.buffer, 0, patched.length >>> 2);
  const from = halves(counters);
  for (let i = 0; i < offsets.length; i++) {
    const at = ((offsets[i] ?? 0) + counterOffset) >>> 2;
    for (let half = 0; half < 4; half += 1) to[at + half] = from[4 * i + half] ?? 0;
  }
  return patched;
}
