import { readFileSync, readlinkSync } from 'node:fs';

/** A process for good: its pid may be used again, but not with the same start time. */
export interface ProcessIdentity {
  /** Which pid namespace the pid is of. */
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly start: string;
}

interface ProcessStat {
  readonly state: string;
  readonly start: string;
}

/** What /proc says about a process; undefined when there is none (or /proc isn't readable). */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // Field 2 is the name in parentheses and may hold anything, so count from its end: field 3 comes first.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? undefined : { state, start };
}

function ownNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'unknown';
  }
}

/** The calling process. */
export function ownIdentity(): ProcessIdentity {
  return { namespace: ownNamespace(), pid: process.pid, start: readProcessStat(process.pid)?.start ?? '0' };
}

/** An identity as one line of text; `parseIdentity` reads it back. */
export function formatIdentity(identity: ProcessIdentity): string {
  return `${identity.namespace} ${identity.pid} ${identity.start}`;
}

/** Reads `formatIdentity`'s text; undefined for any other. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, namespace, pid, start] = /^(\S+) (\d+) (\d+)\s*$/.exec(text) ?? [];
  if (namespace === undefined || pid === undefined || start === undefined) return undefined;
  return { namespace, pid: Number(pid), start };
}

/** Whether it is surely dead. A process of another pid namespace can't be looked up: not surely. */
export function isDead(identity: ProcessIdentity, namespace = ownNamespace()): boolean {
  if (identity.namespace !== namespace || namespace === 'unknown') return false;
  const stat = readProcessStat(identity.pid);
  return stat === undefined || stat.start !== identity.start || stat.state === 'Z' || stat.state === 'X';
}
