import { parentPort, workerData } from 'node:worker_threads';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError, describeError } from '../../protocol/error.ts';
import { setCloexec } from '../../sys/descriptor.ts';
import { posixSpawn } from '../../sys/posix-spawn.ts';
import { getNofile, setSoftNofile } from '../../sys/resource-limit.ts';
import { installListener } from '../../sys/seccomp.ts';
import { ignoredByNode } from '../../sys/signal.ts';
import type { TargetData, TargetMessage } from './messages.ts';
import { executeBy } from './program.ts';

/**
 * The thread that CMD is started from. A seccomp filter belongs to the thread that installs it and
 * to what that thread forks: so this one filters itself, starts CMD and ends, and every other thread
 * of the shim stays free to fork drivers. The listener hangs up only once this thread has ended too.
 */
const data = workerData as TargetData;

function tell(message: TargetMessage): void {
  parentPort?.postMessage(message);
}

function install(): boolean {
  try {
    const listener = installListener(data.filter, { waitKillable: true, noNewPrivs: data.noNewPrivs });
    tell({ kind: 'listening', listener });
    return true;
  } catch (error) {
    if (error instanceof BpfilterError && error.errno === errno.EBUSY) tell({ kind: 'nested' });
    else tell({ kind: 'failed', message: describeError(error) });
    return false;
  }
}

function start(): number {
  const { program, env, inherited } = data;
  const { nofile, ignored, closed, descriptors } = inherited;
  // Limits and descriptors belong to the process: the target's are in force for the moment of its fork only.
  const own = nofile === undefined ? undefined : getNofile().soft;
  const kept = [0, 1, 2].filter((fd) => !closed.includes(fd)).concat(descriptors);
  const defaults = ignoredByNode.filter((signal) => !ignored.includes(signal));
  for (const fd of kept) setCloexec(fd, false);
  if (nofile !== undefined) setSoftNofile(nofile);
  Atomics.store(new Int32Array(data.begun), 0, 1);
  try {
    return executeBy(program, (path, argv) => posixSpawn({ path, argv, env, close: closed, defaults }));
  } finally {
    if (own !== undefined) setSoftNofile(own);
    for (const fd of kept) setCloexec(fd, true);
  }
}

if (install()) {
  try {
    tell({ kind: 'started', pid: start() });
  } catch (error) {
    const failed = error instanceof BpfilterError ? error.errno : undefined;
    tell({ kind: 'not-started', errno: failed, message: describeError(error) });
  }
}
process.exit();
