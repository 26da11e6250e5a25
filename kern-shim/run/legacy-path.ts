import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../state-folder.ts';

const legacyNames = ['iptables', 'iptables-save', 'iptables-restore'] as const;
const legacyProgram = 'xtables-legacy-multi';
const readableByAll = 0o755;

/**
 * Makes `iptables`, `iptables-save` and `iptables-restore` mean the legacy programs: Debian's own
 * are iptables-nft, which speaks netlink and so passes by the shim.
 *
 * @param folder gets the links
 * @param searchPath the caller's PATH
 * @returns the PATH for CMD, and what a person should be warned of
 */
export function legacyFirst(folder: string, searchPath: string): { path: string; warnings: string[] } {
  const links: [string, string][] = [];
  const warnings: string[] = [];
  for (const name of legacyNames) {
    const current = findProgram(name, searchPath);
    if (current !== undefined && isLegacy(current)) continue;
    const legacy = findProgram(name.replace('iptables', 'iptables-legacy'), searchPath);
    if (legacy !== undefined) links.push([name, legacy]);
    else if (current !== undefined) {
      warnings.push(`${current} is not the legacy program (no iptables-legacy was found): its rules pass bpfilter by`);
    }
  }
  if (links.length === 0) return { path: searchPath, warnings };
  try {
    makeFolder(folder, readableByAll);
    for (const [name, target] of links) placeLink(path.join(folder, name), target);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { path: searchPath, warnings: [...warnings, `"iptables" may not mean the legacy program: ${reason}`] };
  }
  return { path: `${folder}:${searchPath}`, warnings };
}

/** What a person should know about the command itself, when it is named in a way that PATH doesn't decide. */
export function commandWarning(command: string, searchPath: string): string | undefined {
  const program = findProgram(command, searchPath);
  if (program === undefined) return undefined;
  const target = path.basename(fs.realpathSync(program));
  if (target === 'xtables-nft-multi' && /^iptables/.test(path.basename(command))) {
    return `${command} is iptables-nft, which speaks netlink: its rules pass bpfilter by`;
  }
  if (target === 'sudo') {
    return 'sudo sets a PATH of its own: say "iptables-legacy" behind it, "iptables" may mean iptables-nft there';
  }
  return undefined;
}

/** First executable of that name in a PATH, or the command itself when it names a path. */
export function findProgram(command: string, searchPath: string): string | undefined {
  const candidates = command.includes('/')
    ? [command]
    : searchPath.split(':').map((folder) => path.join(folder || '.', command));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function isLegacy(file: string): boolean {
  return path.basename(fs.realpathSync(file)) === legacyProgram;
}

/** Links are replaced by rename, so that another shim's CMD never finds none. */
function placeLink(link: string, target: string): void {
  try {
    if (fs.readlinkSync(link) === target) return;
  } catch {
    // Not there yet.
  }
  const fresh = `${link}.${process.pid}`;
  fs.symlinkSync(target, fresh);
  fs.renameSync(fresh, link);
}
