import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterListing } from '../../rules/nft/counter-listing.ts';
import { addToBook, bookAfterReplace, freshBook, lastKnown, patchCounters, snapshot, sum } from './counter-book.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const words = (...values: bigint[]) => BigUint64Array.from(values);

describe('counters', () => {
  it("are the kernel's by id, 0 without", () => {
    const kernel = CounterListing.of([
      [9, { packets: 5n, bytes: 6n }],
      [7, { packets: 2n ** 64n - 1n, bytes: 2n ** 32n }],
    ]);
    expect(snapshot(Uint32Array.of(0, 7, 8), kernel)).toEqual(words(0n, 0n, 2n ** 64n - 1n, 2n ** 32n, 0n, 0n));
  });

  it('of tables of different sizes are not mixed', () => {
    expect(() => sum(words(1n), words(1n, 2n))).toThrow("don't belong together");
  });

  it('start at 0 after a replace and miss no packet, past 2^64 too', () => {
    fc.assert(
      fc.property(u64, u64, u64, (base, now, more) => {
        const book = bookAfterReplace(Uint32Array.of(0, 5, 6), words(0n, 0n, now, now, 1n, 1n), Uint32Array.of(9, 5));
        expect(lastKnown(book)).toEqual(words(0n, 0n, 0n, 0n));
        const later = words(3n, 3n, now + more, now + more);
        const given = addToBook(book, words(0n, 0n, base, base));
        const total = BigInt.asUintN(64, base + more);
        expect(sum(given.base, later)).toEqual(words(3n, 3n, total, total));
      }),
    );
  });

  it('are last known as of the last reading', () => {
    const book = { ...freshBook(1), seen: words(4n, 40n) };
    expect(lastKnown(addToBook(book, words(1n, 2n)))).toEqual(words(5n, 42n));
  });

  it('are patched into a copy', () => {
    const entries = new Uint8Array(64);
    const patched = patchCounters(entries, Uint32Array.of(0, 32), 8, words(1n, 2n ** 63n + 2n, 3n, 4n));
    const expected = new Uint8Array(64);
    new BigUint64Array(expected.buffer).set([1n, 2n ** 63n + 2n], 1);
    new BigUint64Array(expected.buffer).set([3n, 4n], 5);
    expect(patched).toEqual(expected);
    expect(entries.every((byte) => byte === 0)).toBe(true);
  });
});
