import fs from 'node:fs';
import { endOfCode, type ProcessEnd, reapedEnd, remembersEnds } from '../sys/pidfd.ts';

/** Fields behind the name in /proc/PID/stat (proc(5)): 3 is the state, 9 the first thread's flags, 52 the exit code. */
const stateField = 0;
const flagsField = 6;
const exitCodeField = 49;
/** include/linux/sched.h: the thread has made its last system call; it only gives back what it had. */
const PF_EXITING = 0x4;

/**
 * How a dead driver ended, whoever reaps it; undefined when nobody can tell any more. Its pidfd is open and says that it is
 * gone. Where the kernel remembers, the pidfd is asked first: the pid of one that was reaped may be another process's.
 */
export function endOfDriver(pid: number, pidfd: number): ProcessEnd | undefined {
  const remembered = remembersEnds() ? reapedEnd(pidfd) : undefined;
  return remembered ?? zombieEnd(pid) ?? reapedEnd(pidfd);
}

/** A signal for a driver's process group, which it leads: for itself, the heir of its memory, and nft. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/**
 * How a process ends whose first thread is on its way out: long before its pipes are closed and its pidfd tells, since
 * the kernel takes its memory down first, which takes milliseconds. Undefined for one that isn't, and where it ends
 * with status 0: kernels before 5.17 say that, too, as long as they don't know.
 */
export function comingEnd(pid: number): ProcessEnd | undefined {
  const fields = statOf(pid);
  if ((Number(fields[flagsField]) & PF_EXITING) === 0) return undefined;
  const code = Number(fields[exitCodeField]);
  return code === 0 ? undefined : endOfCode(code);
}

/** Of a process that nobody has waited for yet. */
function zombieEnd(pid: number): ProcessEnd | undefined {
  const fields = statOf(pid);
  return fields[stateField] === 'Z' ? endOfCode(Number(fields[exitCodeField])) : undefined;
}

/**
 * Whether a process is on its way out, for the price of one read: what /proc/PID/statm says is 0 from the moment on at
 * which its first thread has let go of its memory, soon after a signal that kills it.
 */
export class LifeSign {
  /** The open file is this process's for ever; undefined where it couldn't be opened. */
  readonly #statm: number | undefined;

  constructor(pid: number) {
    try {
      this.#statm = fs.openSync(`/proc/${pid}/statm`, 'r');
    } catch {
      // No descriptor is left: then it takes longer.
    }
  }

  /** undefined: it can't tell. */
  get isEnding(): boolean | undefined {
    if (this.#statm === undefined) return undefined;
    try {
      return fs.readSync(this.#statm, size, 0, size.length, 0) === size.length && size.equals(nothing);
    } catch {
      return true; // ESRCH: it is gone
    }
  }

  close(): void {
    if (this.#statm !== undefined) fs.closeSync(this.#statm);
  }
}

/** How the pages of a process without memory begin in /proc/PID/statm; those of one that has some never do. */
const nothing = Buffer.from('0 ');
const size = Buffer.alloc(nothing.length);

/** More than /proc/PID/stat ever has. Every request may ask for it, and readFileSync takes 64 KiB for each file of /proc. */
const text = Buffer.alloc(2048);

/** What /proc/PID/stat has behind the name; nothing of a process that is gone. */
function statOf(pid: number): readonly string[] {
  try {
    const fd = fs.openSync(`/proc/${pid}/stat`, 'r');
    let length: number;
    try {
      length = fs.readSync(fd, text);
    } finally {
      fs.closeSync(fd);
    }
    const stat = text.toString('latin1', 0, length);
    // The name stands in parentheses and may hold anything: the state follows the last one.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** For the log: "ended with status 3", "was killed by signal 9". */
export function describeEnd(end: ProcessEnd | undefined): string {
  if (end === undefined) return 'is gone';
  return end.kind === 'exited' ? `ended with status ${end.status}` : `was killed by signal ${end.status}`;
}
