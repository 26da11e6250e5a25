import { BpfilterError } from '../../protocol/error.ts';
import type { Counters } from '../../rules/ir.ts';

/** What the kernel's counter of a rule id says now. */
export type KernelCounters = ReadonlyMap<number, Counters>;

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

/** The kernel's counters in the order of the entries: 0 where an entry has no id or the kernel no counter. */
export function snapshot(ids: Uint32Array, kernel: KernelCounters): BigUint64Array {
  const values = new BigUint64Array(2 * ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? 0;
    const found = id === 0 ? undefined : kernel.get(id);
    if (found === undefined) continue;
    values[2 * i] = found.packets;
    values[2 * i + 1] = found.bytes;
  }
  return values;
}

/** Sum, element by element, mod 2^64. */
export function sum(one: BigUint64Array, other: BigUint64Array): BigUint64Array {
  if (one.length !== other.length) {
    throw new BpfilterError(
      'state',
      `counters of ${one.length / 2} and of ${other.length / 2} entries don't belong together`,
    );
  }
  const result = new BigUint64Array(one.length);
  for (let i = 0; i < one.length; i++) {
    const value = other[i] ?? 0n;
    // Most are 0, and a sum of bigints is slow.
    result[i] = value === 0n ? (one[i] ?? 0n) : (one[i] ?? 0n) + value;
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
  const place = new Map<number, number>();
  for (let i = 0; i < newIds.length; i++) {
    const id = newIds[i] ?? 0;
    if (id !== 0) place.set(id, i);
  }
  for (let i = 0; i < oldIds.length; i++) {
    const at = place.get(oldIds[i] ?? 0);
    if (at === undefined) continue;
    for (const word of [0, 1]) {
      const value = now[2 * i + word] ?? 0n;
      book.seen[2 * at + word] = value;
      book.base[2 * at + word] = -value;
    }
  }
  return book;
}

/** Writes counters into a copy of the entries, at `counterOffset` within each. */
export function patchCounters(
  entries: Uint8Array,
  offsets: Uint32Array,
  counterOffset: number,
  counters: BigUint64Array,
): Uint8Array {
  const patched = new Uint8Array(entries);
  const view = new DataView(patched.buffer);
  for (let i = 0; i < offsets.length; i++) {
    const at = (offsets[i] ?? 0) + counterOffset;
    view.setBigUint64(at, counters[2 * i] ?? 0n, true);
    view.setBigUint64(at + 8, counters[2 * i + 1] ?? 0n, true);
  }
  return patched;
}
