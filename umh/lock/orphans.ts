import { fstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Log } from '../log.ts';
import { isDead, parseIdentity, readProcessStat } from './process-identity.ts';

/** The descriptor at which an nft process inherits the state lock. */
export const INHERITED_LOCK = 3;
/** The environment variable in which an nft process carries its driver's identity. */
export const PARENT_VARIABLE = 'BPFILTER_NFT_PARENT';

function parentOf(pid: number): string | undefined {
  const prefix = `${PARENT_VARIABLE}=`;
  const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  return environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
}

function isOrphan(pid: number, lock: { readonly dev: number; readonly ino: number }): boolean {
  try {
    const file = statSync(`/proc/${pid}/fd/${INHERITED_LOCK}`);
    if (file.ino !== lock.ino || file.dev !== lock.dev) return false;
    const parent = parseIdentity(parentOf(pid) ?? '');
    return parent !== undefined && isDead(parent);
  } catch {
    // gone meanwhile, or another user's
    return false;
  }
}

/**
 * Kills the nft processes that hold the lock open for a driver that is dead. Found by the open lock
 * file, believed by the driver's pid and start time in their environment, killed only while their
 * own start time is what it was. Returns how many.
 *
 * Safe at any moment: an nft transaction is one atomic step in the kernel that also compares the
 * generation, so the killed one has committed or it hasn't, and recovery asks the kernel which.
 */
export function killOrphans(lockDescriptor: number, log: Log): number {
  const lock = fstatSync(lockDescriptor);
  let killed = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const before = readProcessStat(pid);
    if (before === undefined || !isOrphan(pid, lock)) continue;
    if (readProcessStat(pid)?.start !== before.start) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue;
    }
    log.warning(`killed nft process ${pid}: it held the state lock for a driver that is dead`);
    killed += 1;
  }
  return killed;
}
