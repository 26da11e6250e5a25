import fs from 'node:fs';
import { closeFd } from '../../sys/descriptor.ts';
import { heirName } from '../../sys/memory-heir.ts';
import { pidfdOpen, waitPidfd } from '../../sys/pidfd.ts';

/** The heir of a driver that was killed ends within the first of these times, if processors are free; milliseconds. */
const after = [50, 200, 1_000] as const;

/**
 * Sees to it that the heir of a driver that has ended (sys/memory-heir.ts) is reaped. It is an orphan, so that is for pid 1 to do:
 * where that is this process, as in a container, nobody else does.
 */
export function reapHeirsSoon(): void {
  if (process.pid !== 1) return;
  for (const ms of after) setTimeout(reapHeirs, ms).unref();
}

function reapHeirs(): void {
  for (const name of processes()) {
    if (isDeadHeir(name)) reap(Number(name));
  }
}

/** None where there is no descriptor left to look with: the next look may have one. */
function processes(): readonly string[] {
  try {
    return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function isDeadHeir(pid: string): boolean {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
    return status.startsWith(`Name:\t${heirName}\n`) && /^State:\tZ/m.test(status) && /^PPid:\t1$/m.test(status);
  } catch {
    return false;
  }
}

function reap(pid: number): void {
  try {
    const pidfd = pidfdOpen(pid);
    try {
      waitPidfd(pidfd, { block: false });
    } finally {
      closeFd(pidfd);
    }
  } catch {
    // Another look has been quicker.
  }
}
