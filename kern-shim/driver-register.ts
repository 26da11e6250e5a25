import fs from 'node:fs';
import { BpfilterError } from '../protocol/error.ts';
import { closeFd } from '../sys/descriptor.ts';
import { pidfdOpen, pidfdSendSignal, waitPidfd } from '../sys/pidfd.ts';
import { POLLIN, poll } from '../sys/poll.ts';

/** So many drivers are remembered; a shim rarely has more than two at a time. */
const mostKept = 64;
const sigkill = 9;
const endMs = 2_000;

/**
 * The drivers that a serving thread has started, in memory that its successor has, too: should the thread fail, nobody
 * else ends them. One may be in the middle of a request, which the successor's driver is to go on with.
 */
export class DriverRegister {
  readonly shared: SharedArrayBuffer;
  /** How many were ever noted, then their pids in turn. */
  readonly #words: Int32Array;

  constructor(shared = new SharedArrayBuffer((1 + mostKept) * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  note(pid: number): void {
    Atomics.store(this.#words, 1 + (Atomics.add(this.#words, 0, 1) % mostKept), pid);
  }

  /**
   * Ends those of a thread that is gone, with the thread that would have waited for them, and waits for them in its stead.
   *
   * @param name what drivers are called: a pid may be another child's by now
   * @returns the pids of those that were there still
   */
  endAll(name: string): readonly number[] {
    const ended: number[] = [];
    for (let at = 1; at <= mostKept; at += 1) {
      const pid = Atomics.exchange(this.#words, at, 0);
      if (pid > 0 && end(pid, name)) ended.push(pid);
    }
    return ended;
  }
}

function end(pid: number, name: string): boolean {
  let pidfd: number;
  try {
    pidfd = pidfdOpen(pid);
  } catch {
    return false; // it is gone
  }
  try {
    if (!isChildNamed(pid, name)) return false;
    pidfdSendSignal(pidfd, sigkill);
    poll([{ fd: pidfd, events: POLLIN }], endMs);
    waitPidfd(pidfd, { block: false });
    return true;
  } catch (error) {
    if (error instanceof BpfilterError && error.code === 'syscall') return false;
    throw error;
  } finally {
    closeFd(pidfd);
  }
}

/** Whether it is a child of this process by that name, or one that has ended. */
function isChildNamed(pid: number, name: string): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) !== process.pid) return false;
    return state === 'Z' || fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`${name}\0`);
  } catch {
    return false;
  }
}
