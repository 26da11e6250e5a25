import fs from 'node:fs';

/** How long a driver may take, in milliseconds. */
export interface Deadlines {
  /** From fork to the answered health check. */
  readonly start: number;
  /** For a request that carries `bytes` of the caller's memory. */
  request(bytes: number): number;
  /** How long a stopped driver (SIGSTOP, a debugger) is waited for before it is killed. */
  readonly stopped: number;
  /** After a failed start, requests get the same error for so long before the next try. */
  readonly startPause: number;
}

const mebibyte = 1 << 20;

/** A driver that works is never cut short by these: a replace of 100,000 rules (20 MB) through nft takes seconds. */
export const defaultDeadlines: Deadlines = {
  start: 10_000,
  request: (bytes) => 30_000 + 4_000 * Math.ceil(bytes / mebibyte),
  stopped: 1_000,
  startPause: 1_000,
};

/** Whether a process is stopped by a signal or a tracer: state T or t in /proc/PID/stat (proc(5)). */
export function isStopped(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in parentheses and may hold anything: the state follows the last one.
    const state = stat.charAt(stat.lastIndexOf(')') + 2);
    return state === 'T' || state === 't';
  } catch {
    return false;
  }
}
