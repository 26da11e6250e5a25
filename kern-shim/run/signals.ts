import fs from 'node:fs';
import { dup2 } from '../../sys/descriptor.ts';
import type { TargetEnd } from './target.ts';

/** The terminal sends these to the whole foreground group, CMD included: the shim only has to survive them. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** These reach the shim alone and are meant for CMD. */
const relayed: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'];

/**
 * Takes over signals for CMD.
 *
 * @returns tells the pid once there is one; signals that came before are sent then
 */
export function relaySignals(): (pid: number) => void {
  let target: number | undefined;
  const early: NodeJS.Signals[] = [];
  for (const signal of fromTerminal) process.on(signal, () => {});
  for (const signal of relayed) {
    process.on(signal, () => {
      if (target === undefined) early.push(signal);
      else send(target, signal);
    });
  }
  return (pid) => {
    target = pid;
    for (const signal of early.splice(0)) send(pid, signal);
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

/** Ends this process the way CMD ended: the same status, or the same signal. */
export function endAs(end: TargetEnd): never {
  keepTerminal();
  if (end.signal !== null) {
    process.removeAllListeners(end.signal);
    process.kill(process.pid, end.signal);
    // A signal that doesn't end us (blocked, or ignored by our parent's wish): as a shell would say it.
    setTimeout(() => process.exit(128), 1000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    process.exit(128);
  }
  process.exit(end.status ?? 0);
}

/** Node puts the terminal back as it found it at its start, which would undo what CMD did to it (stty). */
function keepTerminal(): void {
  const nothing = fs.openSync('/dev/null', 'r+');
  for (const fd of [0, 1, 2]) {
    try {
      dup2(nothing, fd);
    } catch {
      // Not open: nothing to put back.
    }
  }
}
