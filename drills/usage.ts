import fs from 'node:fs';
import type { Arena } from './arena.ts';
import { kilobytes, type Usage } from './growth.ts';
import { isAlive } from './processes.ts';

interface Process {
  readonly pid: number;
  readonly isZombie: boolean;
}

/** Children of this process, and theirs, and so on: also those whose parent has ended, where none else took them. */
function processesBelow(root: number): readonly Process[] {
  const found = fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)));
  const below: Process[] = [];
  for (let parents = [root]; parents.length > 0; ) {
    const children = found.filter(({ parent }) => parents.includes(parent));
    below.push(...children);
    parents = children.map(({ pid }) => pid);
  }
  return below;
}

/** Fields 3 and 4 of /proc/PID/stat: the state, and who started it. */
function statOf(pid: number): readonly (Process & { readonly parent: number })[] {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid, parent: Number(parent), isZombie: state === 'Z' }];
  } catch {
    return []; // it went away while we looked
  }
}

/** What one process holds. */
function heldBy(name: string, pid: number): Readonly<Record<string, number>> {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    [`${name} fds`]: fs.readdirSync(`/proc/${pid}/fd`).length,
    [`${name} threads`]: Number(/^Threads:\t(\d+)$/m.exec(status)?.[1]),
    [`${name} ${kilobytes}`]: Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]),
  };
}

/** What this network namespace has in nftables, by kind; nothing where there is no nft to ask. */
function inKernel(arena: Arena): Readonly<Record<string, number>> {
  const { status, stdout } = arena.run('nft', '-j', 'list', 'ruleset');
  if (status !== 0) return {};
  const { nftables } = JSON.parse(stdout) as { readonly nftables: readonly object[] };
  const counts: Record<string, number> = {};
  for (const kind of nftables.flatMap((one) => Object.keys(one)))
    if (kind !== 'metainfo') counts[`nft ${kind}s`] = (counts[`nft ${kind}s`] ?? 0) + 1;
  return counts;
}

/** Once nothing is going on: what shim, driver, their processes, the state and nftables take. */
export function usageOf(arena: Arena, rounds: number): Usage {
  const processes = processesBelow(process.pid);
  const [driver] = arena.drivers;
  return {
    rounds,
    numbers: {
      ...heldBy('shim', arena.shim),
      ...(driver !== undefined && isAlive(driver) ? heldBy('driver', driver) : {}),
      drivers: arena.drivers.length,
      processes: processes.filter(({ isZombie }) => !isZombie).length,
      zombies: processes.filter(({ isZombie }) => isZombie).length,
      'state files': arena.stateFiles.length,
      ...inKernel(arena),
    },
  };
}
