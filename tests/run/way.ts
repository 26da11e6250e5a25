import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { bpfilter, environment, type Ran, type RunOptions, runCommand } from '../harness/ways.ts';

/** A command in a fresh network namespace. */
export const inNamespace = ['unshare', '-n'] as const;

/** The words that have the command after them served. */
export const served = [bpfilter, 'run', '--'] as const;

/** What a shell script says in a fresh network namespace, below the shim. */
export function runServed(script: string, options: RunOptions): Ran {
  return runCommand([...inNamespace, ...served, 'sh', '-c', script], options);
}

/** The same without any shim. */
export function runNative(script: string, options: RunOptions): Ran {
  return runCommand([...inNamespace, 'sh', '-c', script], options);
}

/** The one state folder below a base folder that one test used for one namespace. */
export function stateOf(base: string): string {
  const found = fs.readdirSync(base).filter((name) => /^[0-9a-f]{32}-\d+$/.test(name));
  if (found.length !== 1) throw new Error(`${base}: one state folder expected, found ${found.length}`);
  return path.join(base, found[0] ?? '');
}

/** Waits until `look` gives something. Throws with `what` after `timeoutMs`. */
export async function until<T>(what: string, look: () => T | undefined | false, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

/** Processes whose environment has `NAME=VALUE`: CMD's descendants, detached shims and drivers of one test. */
export function processesWith(entry: string): number[] {
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isAlive(pid) && environmentOf(pid).includes(entry));
}

function environmentOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

/** A command that goes on while the test looks at it. */
export interface Live {
  readonly pid: number;
  /** stdout and stderr so far. */
  output(): string;
  write(text: string): void;
  closeInput(): void;
  /** Settles when it has ended and its output too. */
  readonly ended: Promise<{ readonly status: number | null; readonly signal: string | null }>;
}

const live: Live[] = [];

/** Starts a command; whatever of these still runs after a test is to be ended with `endLive`. */
export function startLive(
  command: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Live {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: 'pipe',
    env: environment(folder, env),
  });
  if (child.pid === undefined) throw new Error(`${program} can't be started`);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  child.stdin.on('error', () => {});
  const started: Live = {
    pid: child.pid,
    output: () => text,
    write: (input) => void child.stdin.write(input),
    closeInput: () => void child.stdin.end(),
    ended: new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal }))),
  };
  live.push(started);
  return started;
}

/** Ends by pid what a failed test left. */
export function endLive(): void {
  for (const { pid } of live.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}
