import fs from 'node:fs';
import { endOfCode, type ProcessEnd, reapedEnd } from '../sys/pidfd.ts';

/** Fields behind the name in /proc/PID/stat (proc(5)): 3 is the state, 52 the exit code. */
const stateField = 0;
const exitCodeField = 49;

/**
 * How a dead driver ended, whoever reaps it; undefined when nobody can tell any more. Call while the pid can't
 * be another process's: its pidfd is open and says that it is gone.
 */
export function endOfDriver(pid: number, pidfd: number): ProcessEnd | undefined {
  return zombieEnd(pid) ?? reapedEnd(pidfd);
}

/** Of a process that nobody has waited for yet. */
function zombieEnd(pid: number): ProcessEnd | undefined {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name stands in parentheses and may hold anything: the state follows the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[stateField] === 'Z' ? endOfCode(Number(fields[exitCodeField])) : undefined;
}

/** For the log: "ended with status 3", "was killed by signal 9". */
export function describeEnd(end: ProcessEnd | undefined): string {
  if (end === undefined) return 'is gone';
  return end.kind === 'exited' ? `ended with status ${end.status}` : `was killed by signal ${end.status}`;
}
