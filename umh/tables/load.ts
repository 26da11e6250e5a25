import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { emptyView } from '../../rules/blob/empty.ts';
import { viewTable } from '../../rules/blob/view.ts';
import * as registry from '../../rules/registry.ts';
import type { DriverContext } from '../context.ts';
import { readBelieved } from '../store/believe.ts';
import { decodeCounters } from '../store/counters-file.ts';
import type { StateFiles } from '../store/files.ts';
import { clientOfJournal, decodeJournal, dropJournal, endJournal, type JournalEntry } from '../store/journal-file.ts';
import { stateName } from '../store/state-names.ts';
import { decodeTable, type StoredTable, sameVersion } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';
import { entriesOf, freshBook } from './counter-book.ts';
import { countersVersion, entryCount, type LiveTable } from './live-table.ts';
import { abandon, finish, predecessorOf } from './prepared.ts';
import { restoreTable, untouched, type Workshop } from './replace.ts';
import type { KernelVersion } from './translator.ts';

function readStored(context: DriverContext, id: TableId, name: string): StoredTable | undefined {
  return readBelieved(context.files, context.log, name, (bytes) => decodeTable(id.key, bytes));
}

/** A table that is in force, without its counters. */
function liveOf(id: TableId, stored: StoredTable): LiveTable {
  const view = viewTable(id.name, stored.entries, stored, { registry });
  const { instance, generation, nftTable, ids, nextId } = stored;
  return { ...untouched(id, view), inForce: { view, version: { instance, generation }, nftTable, ids, nextId } };
}

/** Adds what TABLE.counters says, if it says it of this version. */
function withCounters(context: DriverContext, live: LiveTable): LiveTable {
  const { id, inForce, view } = live;
  const found = readBelieved(context.files, context.log, stateName.counters(id), decodeCounters);
  const entries = entryCount(view);
  if (found !== undefined && sameVersion(found, countersVersion(inForce)) && entriesOf(found.book) === entries) {
    return { ...live, book: found.book, revision: found.revision };
  }
  if (inForce !== undefined || found !== undefined) {
    context.log.warning(`table ${id.key}: its counter bases are lost, the counters are the kernel's own from now on`);
  }
  return { ...live, book: freshBook(entries), revision: found?.revision ?? 0 };
}

/**
 * Decides of every ADD_COUNTERS to this table that a driver died in whether its counters were
 * written: before another is served, as the revision tells only until then.
 */
export function resolveAdditions(context: DriverContext, live: LiveTable): void {
  const { files, log } = context;
  for (const name of files.list()) {
    const client = clientOfJournal(name);
    if (client === undefined) continue;
    const journal = readBelieved(files, log, name, decodeJournal);
    if (journal?.action !== 'add' || journal.table !== live.id.key || journal.state !== 'prepared') continue;
    if (live.revision < journal.makes) dropJournal(files, client);
    else markDone(files, client, journal);
  }
}

/** Its driver may be alive and have answered by now: then there is nothing to mark any more. */
function markDone(files: StateFiles, client: string, journal: JournalEntry): void {
  try {
    endJournal(files, client, { ...journal, state: 'done' });
  } catch (error) {
    if (!(error instanceof BpfilterError && error.errno === errno.ENOENT)) throw error;
  }
}

/** What the kernel has of a table, when that must be known. Without nft and without state: nothing of ours. */
function askKernel(shop: Workshop, id: TableId, nothingStored: boolean): KernelVersion {
  try {
    return shop.kernel.version(id);
  } catch (error) {
    if (!nothingStored || !(error instanceof BpfilterError)) throw error;
    shop.context.log.warning(`table ${id.key}: can't ask for its rules: ${error.message}`);
    return { kind: 'none' };
  }
}

function strange(id: TableId, what: string): BpfilterError {
  return new BpfilterError('busy', `table ${id.key}: ${what}; "bpfilter reset" takes rules and state away`);
}

/** Decides of a prepared table whether it has come into force, and finishes or forgets it. */
function resolvePrepared(
  shop: Workshop,
  id: TableId,
  current: LiveTable,
  next: StoredTable,
  found: KernelVersion,
): LiveTable {
  const { context, kernel } = shop;
  const { log } = context;
  if (found.kind !== 'ours' || !sameVersion(found.version, next)) {
    log.warning(`table ${id.key}: a change to generation ${next.generation} didn't come into force, forgotten`);
    abandon(context, id, next);
    return withCounters(context, current);
  }
  log.warning(`table ${id.key}: a change to generation ${next.generation} had come into force, finishing it`);
  const counters = readBelieved(context.files, log, stateName.counters(id), decodeCounters);
  const old = sameVersion(counters, next) ? current : withCounters(context, current);
  const { book, revision, garbage } = finish(context, kernel, id, predecessorOf(old), next);
  return { ...liveOf(id, next), book, revision, garbage };
}

/**
 * A table from the state folder. `check`: compare with the kernel even when nothing is in doubt.
 * Throws `busy` when the kernel has rules under its name that the state doesn't know.
 */
export function loadTable(shop: Workshop, id: TableId, check: boolean): LiveTable {
  const { context } = shop;
  const stored = readStored(context, id, stateName.table(id));
  const next = readStored(context, id, stateName.next(id));
  const current = stored === undefined ? untouched(id, emptyView(id.name)) : liveOf(id, stored);
  const mustAsk = check || next !== undefined;
  const found = mustAsk ? askKernel(shop, id, stored === undefined && next === undefined) : undefined;
  const live =
    next !== undefined && found !== undefined
      ? resolvePrepared(shop, id, current, next, found)
      : withCounters(context, current);
  resolveAdditions(context, live);
  if (found === undefined) return live;
  const inForce = live.inForce;
  if (inForce === undefined) {
    if (found.kind !== 'none' && found.kind !== 'rest')
      throw strange(id, 'the kernel has rules of ours that the state folder knows nothing of');
    return live;
  }
  if (found.kind === 'none') return restoreTable(shop, live, 'nothing');
  if (found.kind === 'rest')
    return restoreTable(shop, live, found.nftTable === inForce.nftTable ? 'a part' : 'nothing');
  if (found.kind === 'foreign' || !sameVersion(found.version, inForce.version)) {
    throw strange(id, 'the kernel has other rules than the state folder says');
  }
  return live;
}
