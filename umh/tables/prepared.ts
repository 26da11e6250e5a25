import { BpfilterError } from '../../protocol/error.ts';
import { tableContext } from '../../rules/nft/context.ts';
import { overlaps, stopped } from '../../rules/nft/out-of-force.ts';
import type { DriverContext } from '../context.ts';
import { readBelieved } from '../store/believe.ts';
import { decodeCounters } from '../store/counters-file.ts';
import { beginJournal, decodeJournal, endJournal, type JournalEntry, journalName } from '../store/journal-file.ts';
import { sameRequest } from '../store/request-id.ts';
import { stateName } from '../store/state-names.ts';
import { encodeTable, type StoredTable, sameVersion } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';
import {
  bookAfterReplace,
  type CounterBook,
  freshBook,
  lastKnown,
  sum,
  updated,
  withoutEntry,
} from './counter-book.ts';
import type { Kernel } from './kernel.ts';
import { countersVersion, entryCount, type LiveTable } from './live-table.ts';
import { putCounters, reserveCounters } from './spare-counters.ts';

/** What is replaced, as far as its successor inherits from it. */
export interface Predecessor {
  readonly ids: Uint32Array;
  /** undefined where there was none in force. */
  readonly nftTable: string | undefined;
  readonly book: CounterBook;
  /** Packets let in when the counters of the book were read; undefined where that isn't known. */
  readonly passed: readonly number[] | undefined;
  readonly revision: number;
}

export function predecessorOf({ inForce, book, passed, revision, view }: LiveTable): Predecessor {
  const ids = inForce?.ids ?? new Uint32Array(entryCount(view));
  return { ids, nftTable: inForce?.nftTable, book, passed, revision };
}

/** The rest of a table that has come into force. */
export interface Finished {
  readonly book: CounterBook;
  readonly revision: number;
  /** The predecessor's counters, as its caller is to get them. */
  readonly oldCounters: BigUint64Array;
  readonly garbage: readonly number[];
}

function journalOf(
  id: TableId,
  next: StoredTable,
  state: JournalEntry['state'],
  counters: Uint8Array,
): JournalEntry | undefined {
  if (next.asker === undefined) return undefined;
  return { request: next.asker.request, action: 'replace', table: id.key, state, makes: next.generation, counters };
}

const NONE = new Uint8Array();

/**
 * Writes all that must be on disk before `next` may come into force, and room for what comes after: the end of this
 * change, and the counters that the caller then adds by a request of its own. When that fails, nothing is left of it but
 * room.
 */
export function prepare(context: DriverContext, live: LiveTable, next: StoredTable): void {
  const { files, epoch } = context;
  const { id, inForce, book, revision, view } = live;
  epoch.bump(id.slot);
  try {
    reserveCounters(files, id, next.ids.length, { ...countersVersion(inForce), revision, book });
    files.replace(stateName.next(id), encodeTable(next));
    const entry = journalOf(id, next, 'prepared', NONE);
    if (entry !== undefined && next.asker !== undefined)
      beginJournal(files, next.asker.client, entry, entryCount(view));
  } catch (error) {
    abandon(context, id, next);
    throw error;
  }
}

/** The journal of the request that `next` belongs to, if it still tells of that one. */
function readOwnJournal(context: DriverContext, id: TableId, next: StoredTable): JournalEntry | undefined {
  if (next.asker === undefined) return undefined;
  const journal = readBelieved(context.files, context.log, journalName(next.asker.client), decodeJournal);
  const belongs =
    journal !== undefined &&
    sameRequest(journal.request, next.asker.request) &&
    journal.action === 'replace' &&
    journal.table === id.key &&
    journal.makes === next.generation;
  return belongs ? journal : undefined;
}

/** Forgets a prepared table that didn't come into force. */
export function abandon(context: DriverContext, id: TableId, next: StoredTable): void {
  const { files, epoch } = context;
  files.remove(stateName.next(id));
  if (next.asker !== undefined && readOwnJournal(context, id, next) !== undefined) {
    files.remove(journalName(next.asker.client));
  }
  epoch.bump(id.slot);
}

function bytesOf(counters: BigUint64Array): Uint8Array {
  return new Uint8Array(counters.buffer, counters.byteOffset, counters.byteLength);
}

function difference(one: BigUint64Array, other: BigUint64Array): BigUint64Array {
  return sum(
    one,
    other.map((value) => -value),
  );
}

/** The kernel's counters of the predecessor's entries, and ids that nobody uses. */
interface KernelCounters {
  readonly now: BigUint64Array;
  readonly garbage: readonly number[];
}

/** Counters after the change: the predecessor's rules have stopped counting or count on in `next`. */
function readKernel(
  context: DriverContext,
  kernel: Kernel,
  id: TableId,
  old: Predecessor,
  next: StoredTable,
): KernelCounters {
  const { ids, nftTable } = old;
  if (nftTable === undefined) return { now: new BigUint64Array(2 * ids.length), garbage: [] };
  const known = unchanged(kernel, id, old, next);
  if (known !== undefined) return known;
  if (overlaps(nftTable, next.nftTable)) stop(context, id, nftTable);
  const reading = kernel.counters(id, nftTable, ids);
  if (reading === undefined) {
    throw new BpfilterError('dataplane', `table ${id.key} was taken out of force while it came into force`);
  }
  // what is left of a table that moved goes as a whole
  if (nftTable !== next.nftTable) return { now: reading.counters, garbage: [] };
  return { now: reading.counters, garbage: withoutEntry(reading.present, next.ids) };
}

/**
 * The same where no packet has come since the counters were last read: they are what they were. A packet that was on its
 * way through the rules when they were read may be missing; one that stays counts it for `next`, and those of rules that
 * went are read once more.
 */
function unchanged(kernel: Kernel, id: TableId, old: Predecessor, next: StoredTable): KernelCounters | undefined {
  const { ids, nftTable, passed, book } = old;
  if (passed === undefined || nftTable === undefined || nftTable !== next.nftTable) return undefined;
  const garbage = withoutEntry(ids, next.ids);
  const gone = kernel.fewCounters(id, nftTable, garbage);
  if (gone === undefined) return undefined;
  const passedNow = kernel.passed(id, nftTable);
  if (passedNow?.every((count, at) => count === passed[at]) !== true) return undefined;
  return { now: updated(ids, book.seen, gone), garbage };
}

/** Ends the moment in which a table filters beside its successor. */
function stop({ plane, log }: DriverContext, { family, key, name }: TableId, nftTable: string): void {
  const context = tableContext(name, { family, nftTable });
  const result = plane.commit({ nftables: [...stopped(context, nftTable)] });
  if (result.kind !== 'committed') log.warning(`table ${key}: nft table ${nftTable} counts on: ${result.reason}`);
}

interface Settled {
  readonly now: BigUint64Array;
  readonly oldCounters: BigUint64Array;
  readonly garbage: readonly number[];
}

/** Reads the predecessor's counters for the last time and notes them in the journal; once noted, they stay. */
function settle(
  context: DriverContext,
  kernel: Kernel,
  id: TableId,
  old: Predecessor,
  next: StoredTable,
  fresh: boolean,
): Settled {
  const journal = fresh ? journalOf(id, next, 'prepared', NONE) : readOwnJournal(context, id, next);
  if (journal?.state === 'done') {
    const oldCounters = new BigUint64Array(Uint8Array.from(journal.counters).buffer);
    return { oldCounters, now: difference(oldCounters, old.book.base), garbage: [] };
  }
  const { now, garbage } = readKernel(context, kernel, id, old, next);
  const oldCounters = sum(old.book.base, now);
  const done = journalOf(id, next, 'done', bytesOf(oldCounters));
  // A journal that was there before the rules came into force and now isn't was dropped: nobody will ask.
  if (journal !== undefined && done !== undefined && next.asker !== undefined) {
    endJournal(context.files, next.asker.client, done);
  }
  return { now, oldCounters, garbage };
}

/**
 * Brings the files after a table that the kernel has in force: the old counters into the journal, the
 * new bases, the table itself. Every step may be the last one; called again, it goes on from there
 * and gives the same result. `fresh`: this driver has only just prepared it and put it in force, nothing that follows
 * was done yet.
 */
export function finish(
  context: DriverContext,
  kernel: Kernel,
  id: TableId,
  old: Predecessor,
  next: StoredTable,
  fresh = false,
): Finished {
  const { files, log, epoch } = context;
  const written = fresh ? undefined : readBelieved(files, log, stateName.counters(id), decodeCounters);
  let finished: Finished;
  if (written !== undefined && sameVersion(written, next)) {
    const { book, revision } = written;
    finished = { book, revision, oldCounters: new BigUint64Array(2 * old.ids.length), garbage: [] };
  } else {
    const revision = old.revision + 1;
    if (next.asker === undefined) {
      const book = { ...freshBook(next.ids.length), base: lastKnown(old.book) };
      finished = { book, revision, oldCounters: book.base, garbage: [] };
    } else {
      const { now, oldCounters, garbage } = settle(context, kernel, id, old, next, fresh);
      finished = { book: bookAfterReplace(old.ids, now, next.ids), revision, oldCounters, garbage };
    }
    const { instance, generation } = next;
    putCounters(files, id, { instance, generation, revision, book: finished.book });
  }
  if (old.nftTable !== undefined && old.nftTable !== next.nftTable) removeRest(context, id, old.nftTable);
  files.rename(stateName.next(id), stateName.table(id));
  epoch.bump(id.slot);
  return finished;
}

/** What is left of a table that stands under another name now: chains without rules, and counters that were read. */
function removeRest({ plane, log }: DriverContext, { family, key }: TableId, name: string): void {
  const result = plane.commit({ nftables: [{ delete: { table: { family: family.nft, name } } }] });
  if (result.kind !== 'committed') log.warning(`table ${key}: empty nft table ${name} stays: ${result.reason}`);
}
