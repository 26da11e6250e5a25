import fs from 'node:fs';

const driverName = 'bpfilter_umh';

function children(pid: number): readonly number[] {
  const threads = fs.readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    fs
      .readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

/** A driver of the shim, as soon as it is executed; undefined when none runs. */
export function driverOf(shim: number): number | undefined {
  try {
    return children(shim).find((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(driverName));
  } catch {
    return undefined; // a process or thread went away while we looked
  }
}

/** The drivers of the shim that are executed already, the oldest first: the standby is younger than the driver. */
export function driversOf(shim: number): readonly number[] {
  const found: { readonly pid: number; readonly start: number }[] = [];
  for (const pid of childrenNow(shim)) {
    try {
      if (!fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(driverName)) continue;
      found.push({ pid, start: startTime(pid) });
    } catch {
      // it went away while we looked
    }
  }
  return found.sort((one, other) => one.start - other.start).map(({ pid }) => pid);
}

/** Processes that a process has started, and they, and so on. */
export function descendantsOf(pid: number): readonly number[] {
  return childrenNow(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function childrenNow(pid: number): readonly number[] {
  try {
    return children(pid);
  } catch {
    return [];
  }
}

/** Field 22 of /proc/PID/stat: clock ticks after boot. The name before it may hold anything. */
function startTime(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/** The programs a process has started, by name. */
export function programsOf(pid: number): readonly string[] {
  try {
    return children(pid).map((child) => fs.readFileSync(`/proc/${child}/comm`, 'latin1').trim());
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}/fd/0`);
}

/** SIGKILL for a process that a drill's shim started. Whether it was there. */
export function killHard(pid: number): boolean {
  return signalTo(pid, 'SIGKILL');
}

/** A signal for a process that a drill's shim started. Whether it was there. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return pid > 0 && process.kill(pid, signal);
  } catch {
    return false;
  }
}
