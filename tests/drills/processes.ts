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
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
