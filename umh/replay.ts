import type { DriverContext } from './context.ts';
import { readBelieved } from './store/believe.ts';
import { decodeJournal, dropJournal, type JournalEntry, journalName } from './store/journal-file.ts';
import { type RequestId, sameRequest } from './store/request-id.ts';

/**
 * This driver's view of its client's journal. A journal matters from the moment a change is prepared
 * until the shim has its answer: only a request in flight when a driver dies is ever replayed.
 */
export interface Replay {
  /** What was noted of this very request, when it was done. */
  find(request: RequestId): JournalEntry | undefined;
  /**
   * The answer is out, or another request came: whatever was in flight isn't any more.
   *
   * @param isRehearsal changes nothing
   */
  settle(isRehearsal?: boolean): void;
  /** A journal may be written now. */
  expect(): void;
}

/** The journal of `context.client`. */
export function createReplay(context: DriverContext): Replay {
  const { files, log, client } = context;
  const name = journalName(client);
  // The driver before us may have left one.
  let mayExist = true;
  return {
    find(request) {
      const journal = readBelieved(files, log, name, decodeJournal);
      return journal?.state === 'done' && sameRequest(journal.request, request) ? journal : undefined;
    },
    settle(isRehearsal = false) {
      if (!mayExist) return;
      // Mostly there is none, and to be told so by an error takes ten times as long.
      const isThere = files.exists(name);
      if (isRehearsal) return;
      if (isThere) dropJournal(files, client);
      mayExist = false;
    },
    expect() {
      mayExist = true;
    },
  };
}
