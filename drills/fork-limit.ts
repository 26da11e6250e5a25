import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const programPath = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Makes every fork of one process fail (EAGAIN), and lets it fork again. Others, its children too, aren't touched. */
export interface ForkLimit {
  forbid(pid: number): void;
  allow(pid: number): void;
  /** To be called at the end: takes away what was made. */
  close(): void;
}

/** timeout(1) forks for the program it runs, and ends so when it can't. */
const cantFork = 125;

function run(command: string, ...args: readonly string[]): number | null {
  return spawnSync(command, args, { env: { ...process.env, PATH: programPath } }).status;
}

/**
 * By what forks can be forbidden here: RLIMIT_NPROC, which the kernel asks of everybody but root of the first user
 * namespace, or a cgroup of the pids controller. undefined where neither works.
 */
export function forkLimit(): ForkLimit | undefined {
  if (run('prlimit', '--nproc=1', 'timeout', '9', 'true') === cantFork) return resourceLimit();
  const parent = pidsFolder();
  if (parent === undefined) return undefined;
  try {
    const limit = new PidsCgroup(parent);
    if (limit.works()) return limit;
    limit.close();
  } catch {
    // no right to make one
  }
  return undefined;
}

/** Why forks can't be forbidden here; undefined where they can. */
export function whyNoForkLimit(): string | undefined {
  const limit = forkLimit();
  limit?.close();
  return limit === undefined ? 'needs an ordinary user, or a pids cgroup that can be written' : undefined;
}

function resourceLimit(): ForkLimit {
  const before = new Map<number, string>();
  const set = (pid: number, soft: string) => {
    const status = run('prlimit', '--pid', String(pid), `--nproc=${soft}:`);
    // It may have gone away, and its limit with it.
    if (status !== 0 && fs.existsSync(`/proc/${pid}/fd/0`)) throw new Error(`prlimit ended with status ${status}`);
  };
  return {
    forbid(pid) {
      const soft = /^Max processes\s+(\S+)/m.exec(fs.readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1];
      before.set(pid, soft ?? 'unlimited');
      set(pid, '1');
    },
    allow(pid) {
      const soft = before.get(pid);
      if (soft !== undefined) set(pid, soft);
    },
    close: () => {},
  };
}

/** The folder in which this process's cgroup for the pids controller may have others beside it. */
function pidsFolder(): string | undefined {
  const mounts = fs.readFileSync('/proc/self/mounts', 'latin1').split('\n');
  for (const [, folder = '', type = '', options = ''] of mounts.map((line) => line.split(' '))) {
    if (type === 'cgroup' && options.split(',').includes('pids')) return folder;
    if (type === 'cgroup2' && readText(`${folder}/cgroup.subtree_control`).split(/\s/).includes('pids')) return folder;
  }
  return undefined;
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

class PidsCgroup implements ForkLimit {
  readonly #folder: string;
  /** Where each came from, and whose children therefore go there at the end. */
  readonly #home: string;

  constructor(parent: string) {
    this.#home = path.join(parent, ownPath(parent));
    this.#folder = path.join(parent, `bpfilter-drill-${process.pid}`);
    fs.mkdirSync(this.#folder, { recursive: true });
  }

  works(): boolean {
    this.#write('pids.max', '0');
    const line = 'echo $$ >"$0" && exec timeout 9 true';
    const status = run('sh', '-c', line, path.join(this.#folder, 'cgroup.procs'));
    this.#write('pids.max', 'max');
    return status === cantFork;
  }

  forbid(pid: number): void {
    this.#write('cgroup.procs', String(pid));
    this.#write('pids.max', '0');
  }

  allow(): void {
    this.#write('pids.max', 'max');
  }

  close(): void {
    this.allow();
    for (const pid of readText(path.join(this.#folder, 'cgroup.procs')).split('\n')) {
      try {
        if (pid !== '') fs.writeFileSync(path.join(this.#home, 'cgroup.procs'), pid);
      } catch {
        // it has ended
      }
    }
    fs.rmdirSync(this.#folder);
  }

  #write(name: string, value: string): void {
    fs.writeFileSync(path.join(this.#folder, name), value);
  }
}

/** This process's place below `parent`. */
function ownPath(parent: string): string {
  const lines = readText('/proc/self/cgroup').split('\n');
  const isV2 = fs.existsSync(path.join(parent, 'cgroup.controllers'));
  const own = lines.map((line) => line.split(':')).find(([, names]) => (isV2 ? names === '' : isPids(names)));
  return own?.[2] ?? '/';
}

function isPids(names = ''): boolean {
  return names.split(',').includes('pids');
}
