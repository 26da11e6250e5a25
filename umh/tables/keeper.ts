import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import { TEMPORARY } from '../store/files.ts';
import type { JournalEntry } from '../store/journal-file.ts';
import { clientOfJournal, dropJournal, journalName, putJournal } from '../store/journal-file.ts';
import { dropOrphanedJournals } from '../store/orphaned-journals.ts';
import type { RequestId } from '../store/request-id.ts';
import { stateName } from '../store/state-names.ts';
import type { Asker } from '../store/table-file.ts';
import { type TableId, tableIds } from '../table-id.ts';
import { addToBook, sum, withoutEntry } from './counter-book.ts';
import { countersVersion, type LiveTable } from './live-table.ts';
import { loadTable } from './load.ts';
import { Misbelief, Overtaken } from './misbelief.ts';
import { replaceTable, restoreTable, type Workshop } from './replace.ts';
import { finishReset, resetAll } from './reset.ts';
import { putCounters } from './spare-counters.ts';

/** The tables of one network namespace, as this driver knows them. Call everything under the state lock. */
export interface TableKeeper {
  /** The table as it is now, from memory when nobody has changed it. */
  get(id: TableId): LiveTable;
  /** The table as this driver last knew it, if it did; it may have changed since. */
  remembered(id: TableId): LiveTable | undefined;
  /** Packets and bytes of each entry now. */
  counters(id: TableId): { readonly live: LiveTable; readonly counters: BigUint64Array };
  /** Learns a table and its counters and changes nothing: one that somebody took away (undefined) is left to who is asked for it. */
  learn(id: TableId): LiveTable | undefined;
  /** Returns the old table's counters. */
  replace(id: TableId, view: BlobView, request: RequestId): BigUint64Array;
  add(id: TableId, given: BigUint64Array, request: RequestId): void;
  reset(): void;
  /**
   * Finishes what a driver before us was doing when it died. Only the first call does anything.
   *
   * @param isRehearsal looks for that and leaves it
   */
  recover(isRehearsal?: boolean): void;
}

const NOTHING = new Uint8Array();
/** So many changes of others may come between our looks and changes; then the marker alone must do. */
const MOST_OVERTAKEN = 8;

export function createTableKeeper(shop: Workshop): TableKeeper {
  const { context, kernel } = shop;
  const { files, epoch } = context;
  const tables: (LiveTable | undefined)[] = [];
  const seen: (number | undefined)[] = [];
  /** Slots whose next load asks the kernel, whatever the files say. */
  const doubtful = new Set(tableIds.map((id) => id.slot));
  let recovered = false;

  const isOthersJournal = (name: string) => {
    const client = clientOfJournal(name);
    return client !== undefined && client !== context.client;
  };
  /** What a driver before us may have left half done. */
  const leftovers = () => {
    const isResetting = files.exists(stateName.resetting);
    const names = new Set(files.list());
    const hasJournal = names.has(journalName(context.client));
    const undecided = tableIds.filter(
      (id) => names.has(stateName.next(id)) || (hasJournal && names.has(stateName.counters(id))),
    );
    return {
      isResetting,
      undecided,
      temporary: [...names].filter((name) => name.endsWith(TEMPORARY)),
      othersJournals: [...names].filter(isOthersJournal),
    };
  };
  const remember = (live: LiveTable) => {
    tables[live.id.slot] = live;
    seen[live.id.slot] = epoch.now[live.id.slot];
    doubtful.delete(live.id.slot);
    return live;
  };
  const doubt = (id: TableId) => {
    tables[id.slot] = undefined;
    doubtful.add(id.slot);
  };
  /** Whatever stops a change half way leaves memory behind the files or the kernel. */
  const changing = <T>(id: TableId, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      doubt(id);
      throw error;
    }
  };
  const load = (id: TableId) =>
    changing(id, () => {
      if (files.exists(stateName.resetting)) finishReset(shop);
      return remember(loadTable(shop, id, doubtful.has(id.slot)));
    });
  const get = (id: TableId) => {
    const live = tables[id.slot];
    return live !== undefined && seen[id.slot] === epoch.now[id.slot] ? live : load(id);
  };

  const readCounters = (live: LiveTable) => {
    if (live.inForce === undefined) return { live, counters: live.book.base };
    const { ids, nftTable } = live.inForce;
    // first: who comes in while the counters are read makes the number another one
    const passed = kernel.passed(live.id, nftTable);
    const reading = kernel.counters(live.id, nftTable, ids);
    if (reading === undefined) return undefined;
    const garbage = withoutEntry(reading.present, ids);
    const book = { base: live.book.base, seen: reading.counters };
    return { live: remember({ ...live, book, garbage, passed }), counters: sum(book.base, reading.counters) };
  };

  /**
   * Somebody may have taken single rules away: their counters stay and tell nothing. Looks only when
   * nftables' generation has moved on by more than our own changes. Gives the generation at which all was there,
   * where that is known.
   */
  const ensureWhole = (live: LiveTable): { readonly live: LiveTable; readonly generation?: number } => {
    const { id, inForce } = live;
    if (inForce === undefined) return { live };
    const generation = context.plane.generation();
    if (generation === undefined) return { live };
    if (generation === context.whole.get(id.slot)) return { live, generation };
    try {
      if (!kernel.isWhole(id, inForce)) {
        const seen = readCounters(live)?.live ?? live;
        return { live: changing(id, () => remember(restoreTable(shop, seen, 'a part'))) };
      }
      context.whole.set(id.slot, generation);
      return { live, generation };
    } catch (error) {
      // No table at all: whoever reads its counters next will see.
      if (!(error instanceof Misbelief)) throw error;
    }
    return { live };
  };
  /** Does a change of our own to a table; what was whole before it still is after it when no other change came between. */
  const ownChange = <T>({ id, inForce }: LiveTable, work: () => T): T => {
    const before = context.plane.generation();
    const result = work();
    const after = context.plane.generation();
    if (before !== undefined && after !== undefined && after === (before + 1) >>> 0) {
      for (const { slot } of tableIds) if (context.whole.get(slot) === before) context.whole.set(slot, after);
      if (inForce === undefined) context.whole.set(id.slot, after);
    }
    return result;
  };
  /** One try of a replace. `exclusive`: only while nobody else changes rules between our look at them and the change. */
  const attempt = (id: TableId, view: BlobView, asker: Asker, exclusive: boolean): BigUint64Array => {
    const { live, generation } = ensureWhole(get(id));
    try {
      const options = { asker, generation: exclusive ? generation : undefined };
      const replaced = ownChange(live, () => replaceTable(shop, live, view, options));
      remember(replaced.live);
      return replaced.oldCounters;
    } catch (error) {
      if (error instanceof Overtaken) remember(live);
      else doubt(id);
      throw error;
    }
  };

  return {
    get,
    remembered: (id) => tables[id.slot],
    counters(id) {
      const { live } = ensureWhole(get(id));
      const read =
        readCounters(live) ?? readCounters(changing(id, () => remember(restoreTable(shop, live, 'nothing'))));
      if (read === undefined) throw new BpfilterError('dataplane', `table ${id.key}: its rules were taken away twice`);
      return read;
    },
    learn(id) {
      return kernel.version(id).kind === 'ours' ? readCounters(get(id))?.live : undefined;
    },
    replace(id, view, request) {
      const asker = { client: context.client, request };
      let mistaken = false;
      for (let overtaken = 0; ; ) {
        try {
          return attempt(id, view, asker, overtaken < MOST_OVERTAKEN);
        } catch (error) {
          if (!(error instanceof Misbelief)) throw error;
          if (error instanceof Overtaken) overtaken += 1;
          else if (mistaken) throw error.reason;
          else mistaken = true;
          context.log.warning(`${error.message}; looking at the kernel again`);
        }
      }
    },
    add(id, given, request) {
      const live = get(id);
      changing(id, () => {
        const makes = live.revision + 1;
        const book = addToBook(live.book, given);
        const entry: JournalEntry = {
          request,
          action: 'add',
          table: id.key,
          state: 'prepared',
          makes,
          counters: NOTHING,
        };
        epoch.bump(id.slot);
        try {
          putJournal(files, context.client, entry);
          putCounters(files, id, { ...countersVersion(live.inForce), revision: makes, book });
        } catch (error) {
          if (error instanceof BpfilterError) dropJournal(files, context.client);
          throw error;
        }
        epoch.bump(id.slot);
        remember({ ...live, book, revision: makes });
      });
    },
    reset() {
      for (const id of tableIds) doubt(id);
      resetAll(shop);
    },
    recover(isRehearsal = false) {
      if (recovered) return;
      let left = leftovers();
      if (isRehearsal) return;
      if (left.isResetting) {
        finishReset(shop);
        left = leftovers();
      }
      // Whoever holds the lock is the only writer: what is half written nobody goes on with.
      for (const name of left.temporary) files.remove(name);
      let isDecided = true;
      for (const id of left.undecided) {
        try {
          get(id);
        } catch (error) {
          if (!(error instanceof BpfilterError)) throw error;
          context.log.error(`table ${id.key}: can't recover`, error);
          isDecided = false;
        }
      }
      if (isDecided && left.othersJournals.length > 0) dropOrphanedJournals(files, left.othersJournals);
      recovered = true;
    },
  };
}
