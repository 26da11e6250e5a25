import { spawn } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';
import { BpfilterError, describeError, errnoOf } from '../../protocol/error.ts';
import { dropBoundingSetExcept, setNoNewPrivs } from '../../sys/capability.ts';
import { CLONE_NEWNET, setns } from '../../sys/namespace.ts';
import { pidfdOpen } from '../../sys/pidfd.ts';
import { OldGarbage } from '../old-garbage.ts';
import type { SpawnRequest } from '../usermode-driver.ts';
import { AnswerMemory } from './answer.ts';
import { reapHeirsSoon } from './reap-heirs.ts';
import type { SpawnerData } from './spawner.ts';

const data = workerData as SpawnerData;
const answer = new AnswerMemory(data.answer);
let reduced: unknown = 'not yet';
const garbage = new OldGarbage();

function reducePrivilege(): void {
  if (data.netns !== undefined) setns(data.netns, CLONE_NEWNET);
  try {
    dropBoundingSetExcept([...data.capabilities]);
  } catch (error) {
    // Without CAP_SETPCAP there is little to drop.
    if (!(error instanceof BpfilterError && error.code === 'syscall')) throw error;
  }
  setNoNewPrivs();
}

function start(request: SpawnRequest): void {
  const child = spawn(request.file, request.args, {
    argv0: request.argv0,
    env: request.env,
    stdio: [...request.stdio],
    // A session of its own: Ctrl-C in one caller's terminal must not reach it.
    detached: true,
    cwd: '/',
  });
  child.on('error', () => {});
  if (child.pid === undefined) {
    child.once('error', (error) => {
      const code = 'errno' in error && typeof error.errno === 'number' ? -error.errno : 0;
      answer.put({ kind: 'failed', errno: code, message: error.message });
    });
    return;
  }
  child.once('exit', () => {
    reapHeirsSoon();
    // The next order is for a standby, which nobody waits for, as a rule.
    garbage.tend(true);
  });
  // Before this thread's loop turns nobody reaps it: the pid is still its own.
  answer.put({ kind: 'spawned', pid: child.pid, pidfd: pidfdOpen(child.pid) });
}

parentPort?.on('message', (request: SpawnRequest) => {
  try {
    if (reduced === 'not yet') {
      reducePrivilege();
      reduced = 'done';
    }
    start(request);
  } catch (error) {
    answer.put({
      kind: 'failed',
      errno: error instanceof BpfilterError ? errnoOf(error) : 0,
      message: describeError(error),
    });
  }
});
