import { existsSync } from 'node:fs';
import { pidOfClient, shimSocketName } from '../../protocol/shim-names.ts';
import type { StateFiles } from './files.ts';
import { clientOfJournal, dropJournal } from './journal-file.ts';

/** A shim has no socket for a moment when it starts, and its process isn't seen from another PID namespace. */
const youngMs = 60_000;

/**
 * Forgets the journals of shims that were killed in the middle of a request: nobody will ask for them. A shim may have lost its
 * socket and live on, and a process with its number may be another one by now: so both must be gone. Whoever calls must hold the
 * state lock, and have finished what was half done.
 *
 * @param journals their files' names, and those of shims that live
 */
export function dropOrphanedJournals(files: StateFiles, journals: readonly string[]): void {
  for (const name of journals) {
    const client = clientOfJournal(name);
    const pid = client === undefined ? undefined : pidOfClient(client);
    if (client === undefined || pid === undefined) continue;
    if (files.exists(shimSocketName(pid)) || existsSync(`/proc/${pid}`)) continue;
    if ((files.age(name) ?? 0) >= youngMs) dropJournal(files, client);
  }
}
