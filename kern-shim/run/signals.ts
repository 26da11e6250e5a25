import fs from 'node:fs';
import os from 'node:os';
import { dup2 } from '../../sys/descriptor.ts';
import { type ProcessEnd, reap } from '../../sys/posix-spawn.ts';
import { setDumpable } from '../../sys/process.ts';
import { setDisposition } from '../../sys/signal.ts';

/** The terminal sends these to the whole foreground group, CMD included: the shim only has to survive them. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** These reach the shim alone and are meant for CMD. */
const relayed: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGWINCH',
];

/**
 * Takes over signals for CMD.
 *
 * @param ignored signals that this process ignores, as CMD then does: they are left so
 * @param isBegun whether CMD is there or about to be, whose pid we may not have been told yet: then the terminal has sent
 *   it what it sends us
 * @returns tells the pid once there is one; signals that came before are sent then
 */
export function relaySignals(ignored: readonly number[], isBegun: () => boolean): (pid: number) => void {
  let target: number | undefined;
  const early: NodeJS.Signals[] = [];
  const heard = (signal: NodeJS.Signals): boolean => !ignored.includes(os.constants.signals[signal]);
  for (const signal of fromTerminal.filter(heard)) {
    process.on(signal, () => {
      if (target === undefined && !isBegun()) early.push(signal);
    });
  }
  for (const signal of relayed.filter(heard)) {
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

/** Looked for so often also without SIGCHLD (it may be blocked); keeps the event loop alive, which a signal handler doesn't. */
const lookAnywayMs = 1000;

/** Settles when a child of this process, started by whichever thread, has ended. */
export function endOf(pid: number): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      process.off('SIGCHLD', look);
      clearInterval(timer);
      how();
    };
    const look = (): void => {
      try {
        const end = reap(pid);
        if (end !== undefined) settle(() => resolve(end));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const timer = setInterval(look, lookAnywayMs);
    process.on('SIGCHLD', look);
    look();
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

/** Status of a command that a signal ended, where that signal doesn't end us: as a shell has it. */
const signalStatus = 128;

/** Ends this process the way CMD ended: the same status, or the same signal. */
export function endAs(end: ProcessEnd): never {
  leaveTerminal([0, 1, 2]);
  if ('status' in end) process.exit(end.status);
  // The core that tells of CMD is CMD's.
  setDumpable(false);
  try {
    setDisposition(end.signal, 'default');
  } catch {
    // SIGKILL has no other.
  }
  process.kill(process.pid, end.signal);
  // Blocked by our parent's wish.
  process.exit(signalStatus + end.signal);
}

/**
 * Lets go of standard descriptors. Once CMD has them, the other end of a pipe is to see when CMD
 * closes its own. And Node would put a terminal back as it found it, undoing what CMD did (stty).
 */
export function leaveTerminal(descriptors: readonly number[]): void {
  const nothing = fs.openSync('/dev/null', 'r+');
  for (const fd of descriptors) {
    try {
      dup2(nothing, fd);
    } catch {
      // Not open: nothing to put back.
    }
  }
  fs.closeSync(nothing);
}
