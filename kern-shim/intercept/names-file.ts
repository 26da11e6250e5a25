import fs from 'node:fs';
import path from 'node:path';
import { families } from '../../protocol/family.ts';
import { ownOptions } from '../../protocol/mbox.ts';
import { memfdCreate } from '../../sys/memfd.ts';
import { mayAdminister } from '../caller/capability.ts';
import type { Modules } from '../modules.ts';
import { readOwnText } from '../own-memory.ts';
import { type CaughtOpen, pageMask } from './filter.ts';

/**
 * `iptables-save` without -t asks /proc/net/ip_tables_names which tables are in use: the kernel's,
 * which doesn't know ours. Its open is caught by the address of that very string, a constant of
 * libxtables, and answered with a memfd that lists our tables. Every other open goes its way.
 */
export const oCloexec = 0o2000000; // fopen(path, "re")

const libraryFolders = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib'];
const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;

/** What to catch, read from the installed libxtables; undefined when there is none or it has no such string. */
export function findNamesOpen(): CaughtOpen | undefined {
  const triplet = process.arch === 'arm64' ? multiarch.arm64 : multiarch.x64;
  for (const folder of libraryFolders.flatMap((base) => [path.join(base, triplet), base])) {
    const name = listFolder(folder).find((file) => /^libxtables\.so\.\d+$/.test(file));
    if (name === undefined) continue;
    const at = fs.readFileSync(path.join(folder, name)).indexOf(`${families[0]?.namesFile}\0`, 0, 'latin1');
    // Segments are mapped with file offset and address equal modulo the page size.
    if (at >= 0) return { pageOffset: at & pageMask, flags: oCloexec };
  }
  return undefined;
}

function listFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

const longestPath = 64;
const pathBytes = Buffer.alloc(longestPath);

/**
 * Answers a caught open.
 *
 * @returns a memfd with the names, to be handed to the caller; undefined when the open is another
 *   one, or its caller has no right to our answer: then the kernel goes on with it
 */
export function openNamesFile(
  tid: number,
  pathAddress: number,
  modules: Modules,
  isValid: () => boolean,
): number | undefined {
  if (!opensNamesFile(tid, pathAddress) || !isValid()) return undefined;
  const inode = fs.statSync(`/proc/${tid}/ns/net`, { bigint: true }).ino;
  const served = modules.byInode(inode);
  if (served === undefined || !mayAdminister(tid, served.owners)) return undefined;
  const names = readOwnText(served.module, ownOptions.NAMES);
  if (typeof names === 'number') return undefined;
  const fd = memfdCreate('ip_tables_names');
  fs.writeSync(fd, names, 0);
  return fd;
}

function opensNamesFile(tid: number, address: number): boolean {
  try {
    const memory = fs.openSync(`/proc/${tid}/mem`, 'r');
    try {
      const count = fs.readSync(memory, pathBytes, 0, longestPath, address);
      const end = pathBytes.subarray(0, count).indexOf(0);
      const name = pathBytes.toString('latin1', 0, Math.max(end, 0));
      return families.some((family) => family.namesFile === name);
    } finally {
      fs.closeSync(memory);
    }
  } catch {
    return false;
  }
}
