import { BpfilterError } from '../../protocol/error.ts';
import type { CounterBook } from '../tables/counter-book.ts';
import { readMeta } from './meta.ts';
import { decodeRecord, encodeRecord, recordSize } from './record.ts';
import type { Version } from './table-file.ts';

/** TABLE.counters: what the kernel's counters lack to be the table's. */
export interface StoredCounters extends Version {
  /** Grows with every change: which ADD_COUNTERS it holds. */
  readonly revision: number;
  readonly book: CounterBook;
}

const META_ROOM = 128;

function bytesOf(words: BigUint64Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Counters as parts to write one after the other. */
export function encodeCounters(counters: StoredCounters): Uint8Array[] {
  const { instance, generation, revision, book } = counters;
  return encodeRecord(
    'counters',
    { instance, generation, revision },
    [bytesOf(book.base), bytesOf(book.seen)],
    META_ROOM,
  );
}

/** Bytes of the file for a table of so many entries. */
export function countersFileSize(entries: number): number {
  return recordSize(META_ROOM, entries * 32);
}

/** Reads it back. Throws BpfilterError('state') for what can't be believed. */
export function decodeCounters(bytes: Uint8Array): StoredCounters {
  const { meta, body } = decodeRecord('counters', bytes);
  const read = readMeta(meta);
  if (body.length % 32 !== 0) throw new BpfilterError('state', `${body.length} bytes are no counters`);
  const words = new BigUint64Array(Uint8Array.from(body).buffer);
  return {
    instance: read.text('instance'),
    generation: read.count('generation'),
    revision: read.count('revision'),
    book: { base: words.subarray(0, words.length / 2), seen: words.subarray(words.length / 2) },
  };
}
