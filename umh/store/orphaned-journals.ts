import { pidOfClient, shimSocketName } from '../../protocol/shim-names.ts';
import type { StateFiles } from './files.ts';
import { clientOfJournal, dropJournal } from './journal-file.ts';

/** A shim may have no socket for a moment, or lose it; no request takes so long. */
const requestMs = 60_000;

/**
 * Forgets the journals of shims that were killed in the middle of a request: nobody will ask for them. Whoever calls must hold
 * the state lock, and have finished what was half done.
 *
 * @param journals their files' names, and those of shims that live
 */
export function dropOrphanedJournals(files: StateFiles, journals: readonly string[]): void {
  for (const name of journals) {
    const client = clientOfJournal(name);
    const pid = client === undefined ? undefined : pidOfClient(client);
    if (client === undefined || pid === undefined || files.exists(shimSocketName(pid))) continue;
    if ((files.age(name) ?? 0) >= requestMs) dropJournal(files, client);
  }
}
