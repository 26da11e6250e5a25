import { spawn } from 'node:child_process';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { pidfdOpen } from '../../sys/pidfd.ts';
import type { SpawnedProcess, SpawnRequest } from '../usermode-driver.ts';

/** Starts a driver from the test's own thread, with all of its privileges. */
export function spawnHere(request: SpawnRequest): () => SpawnedProcess {
  const child = spawn(request.file, request.args, {
    argv0: request.argv0,
    env: request.env,
    stdio: [...request.stdio],
    detached: true,
  });
  child.on('error', () => {});
  if (child.pid === undefined) throw new BpfilterError('syscall', 'spawn failed', { errno: errno.ENOENT });
  const spawned = { pid: child.pid, pidfd: pidfdOpen(child.pid) };
  return () => spawned;
}
