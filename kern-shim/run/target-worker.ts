import { spawn } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { getNofile, setSoftNofile } from '../../sys/resource-limit.ts';
import { installListener } from '../../sys/seccomp.ts';
import type { TargetData, TargetMessage } from './messages.ts';

/**
 * The thread that CMD is started from. A seccomp filter belongs to the thread that installs it and
 * to what that thread forks: so this one filters itself, and every other thread of the shim stays
 * free to fork drivers.
 */
const data = workerData as TargetData;

function tell(message: TargetMessage): void {
  parentPort?.postMessage(message);
}

/** This thread holds the filter too: the listener hangs up only once it has ended. */
function leave(message: TargetMessage): void {
  tell(message);
  process.exit();
}

function install(): boolean {
  try {
    const listener = installListener(data.filter, { waitKillable: true, noNewPrivs: data.noNewPrivs });
    tell({ kind: 'listening', listener });
    return true;
  } catch (error) {
    if (error instanceof BpfilterError && error.errno === errno.EBUSY) tell({ kind: 'nested' });
    else tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

function start(): void {
  const { command, args, env, nofile } = data;
  // Limits belong to the process: the target's is in force for the moment of its fork only.
  const own = nofile === undefined ? undefined : getNofile().soft;
  if (nofile !== undefined) setSoftNofile(nofile);
  const child = spawn(command, args, { stdio: 'inherit', env });
  if (own !== undefined) setSoftNofile(own);
  child.once('error', (error) => {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    leave({ kind: 'not-started', code, message: error.message });
  });
  child.once('exit', (status, signal) => leave({ kind: 'ended', status, signal }));
  if (child.pid !== undefined) tell({ kind: 'started', pid: child.pid });
}

if (install()) start();
