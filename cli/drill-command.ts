import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { drills } from '../drills/catalog.ts';
import type { Drill } from '../drills/drill.ts';
import { type DrillReport, emptyReport, reportText, summaryText } from '../drills/report.ts';
import { type DrillLength, runDrill } from '../drills/run-drill.ts';
import { findProgram } from '../kern-shim/run/legacy-path.ts';
import { BpfilterError } from '../protocol/error.ts';
import { setLinkUp } from '../sys/link.ts';
import { exitStatus } from './exit-status.ts';
import { say, sayOut } from './say.ts';

export interface DrillArguments extends DrillLength {
  readonly name: string;
  /** Undefined: any. */
  readonly seed: number | undefined;
  readonly leaks: boolean;
  readonly json: boolean;
}

/** What a drill is told by the process that makes its namespace. */
interface Told extends DrillLength {
  readonly seed: number;
  readonly leaks: boolean;
}

/** Names the folder of a drill to the process that carries it out, inside the throwaway namespace. */
const folderVariable = 'BPFILTER_DRILL_FOLDER';
const largestSeed = 2 ** 31;
const endingSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Ctrl-C reaches the process inside twice, by the terminal and by its parent; a second one comes later than that. */
const secondSignalMs = 500;

/** `bpfilter drill list` */
export function listDrills(json: boolean): number {
  const shown = drills.filter(({ hidden }) => hidden !== true);
  const entries = shown.map((drill) => ({ name: drill.name, what: drill.what, skipped: drill.whyNot?.() }));
  const line = ({ name, what, skipped }: (typeof entries)[number]) =>
    `${name.padEnd(16)}${what}${skipped === undefined ? '' : ` (not here: ${skipped})`}\n`;
  sayOut(json ? `${JSON.stringify(entries, undefined, 2)}\n` : entries.map(line).join(''));
  return exitStatus.done;
}

/** `bpfilter drill run NAME|all`: each in a network namespace of its own, which ends with it. */
export async function runDrills(options: DrillArguments): Promise<number> {
  const { name, json, seconds, strikes, commands, leaks } = options;
  const chosen = drills.filter((drill) => (name === 'all' ? drill.hidden !== true : drill.name === name));
  if (chosen.length === 0) throw new BpfilterError('usage', `no drill is called "${name}" (see bpfilter drill list)`);
  if (seconds !== undefined && !(seconds > 0)) throw new BpfilterError('usage', '--seconds: a number above 0 expected');
  for (const [option, count] of Object.entries({ strikes, commands }))
    if (count !== undefined && !(Number.isInteger(count) && count > 0))
      throw new BpfilterError('usage', `--${option}: a whole number above 0 expected`);
  const seed = options.seed ?? 1 + Math.floor(Math.random() * (largestSeed - 1));
  if (!Number.isInteger(seed) || seed < 1 || seed > largestSeed)
    throw new BpfilterError('usage', `--seed: a whole number from 1 to ${largestSeed} expected`);
  const [drill] = chosen;
  const folder = process.env[folderVariable];
  const told: Told = { seconds, strikes, commands, seed, leaks };
  if (folder !== undefined && drill !== undefined) return await inside(drill, { ...told, folder });

  const reports: DrillReport[] = [];
  const interrupted = new AbortController();
  for (const one of chosen) {
    if (interrupted.signal.aborted) break;
    const report = await inNamespace(one, { ...told, interrupted });
    reports.push(report);
    if (!json) sayOut(reportText(report));
  }
  if (json) sayOut(`${JSON.stringify(reports, undefined, 2)}\n`);
  else if (reports.length > 1) sayOut(summaryText(reports));
  return reports.some(({ outcome }) => outcome === 'failed') ? exitStatus.failed : exitStatus.done;
}

/** Carries a drill out in this process's namespace; the report goes to stdout as JSON. */
async function inside(drill: Drill, options: Told & { folder: string }): Promise<number> {
  delete process.env[folderVariable];
  setLinkUp('lo');
  const report = await runDrill(drill, {
    ...options,
    interrupted: firstSignal(),
    bpfilter: fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? '../dist/bpfilter' : './bpfilter', import.meta.url),
    ),
    onProgress: progressOn(2, drill.name),
  });
  clearProgress(2);
  sayOut(JSON.stringify(report));
  return exitStatus.done;
}

/** Aborted by the first signal that would end this process; the next one does. */
function firstSignal(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  for (const signal of endingSignals)
    process.on(signal, () => {
      first ??= performance.now();
      controller.abort();
      if (performance.now() - first > secondSignalMs) process.exit(exitStatus.failed);
    });
  return controller.signal;
}

/** Starts this very command again inside fresh namespaces, and makes and removes the drill's folder. */
async function inNamespace(
  drill: Drill,
  { interrupted, ...told }: Told & { interrupted: AbortController },
): Promise<DrillReport> {
  const { name } = drill;
  const { seconds = 0, seed, leaks } = told;
  const unshare = findProgram('unshare', process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin');
  if (unshare === undefined) throw new BpfilterError('usage', 'drill run needs unshare (Debian package util-linux)');
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const namespaces = [...user, '--net', ...(drill.mounts === true ? ['--mount'] : [])];
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const numbers = ['seconds', 'strikes', 'commands', 'seed'] as const;
  const given = numbers.flatMap((option) => (told[option] === undefined ? [] : [`--${option}`, String(told[option])]));
  const again = ['drill', 'run', name, ...given, ...(leaks ? ['--leaks'] : [])];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-drill-'));
  try {
    const child = spawn(unshare, [...namespaces, '--', ...self, ...again], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, [folderVariable]: folder },
    });
    // It ends first, so that the folder can be removed.
    const relay = (signal: NodeJS.Signals) => {
      interrupted.abort();
      child.kill(signal);
    };
    for (const signal of endingSignals) process.on(signal, relay);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const end = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
    });
    for (const signal of endingSignals) process.off(signal, relay);
    try {
      return JSON.parse(text) as DrillReport;
    } catch {
      return emptyReport('failed', { name, seed, seconds, reason: `the drill itself ended by ${end}` });
    }
  } finally {
    // A shim whose drill was interrupted may still be writing.
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

const barWidth = 24;

/** A bar on a terminal; nothing elsewhere. */
function progressOn(fd: number, name: string): (share: number, words: string) => void {
  if (!isTerminal(fd)) return () => {};
  return (share, words) => {
    const done = Math.round(share * barWidth);
    say(fd, `\r\x1b[K${name.padEnd(16)}[${'#'.repeat(done)}${'.'.repeat(barWidth - done)}] ${words}`);
  };
}

function clearProgress(fd: number): void {
  if (isTerminal(fd)) say(fd, '\r\x1b[K');
}

/** Without Node's own streams, which would change the terminal's mode. */
function isTerminal(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isCharacterDevice() && fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/pts/');
  } catch {
    return false;
  }
}
