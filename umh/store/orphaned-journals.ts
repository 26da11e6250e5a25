import { pidOfClient, shimSocketName } from '../../protocol/shim-names.ts';
import type { StateFiles } from './files.ts';
import { clientOfJournal, dropJournal } from './journal-file.ts';

/** A shim may have no socket for a moment, or lose it; no request takes so long. */
const requestMs = 60_000;

/**
 * Forgets the journals of shims that were killed in the middle of a request: nobody will ask for them. Whoever calls must hold
 * the state lock, and have finished what was half done.
 *
 * @param client whose journal stays
 */
export function dropOrphanedJournals(files: StateFiles, client: string): void {
  const names = new Set(files.list());
  for (const name of names) {
    const owner = clientOfJournal(name);
    if (owner === undefined || owner === client) continue;
    const pid = pidOfClient(owner);
    if (pid === undefined || names.has(shimSocketName(pid))) continue;
    if ((files.age(name) ?? 0) >= requestMs) dropJournal(files, owner);
  }
}
