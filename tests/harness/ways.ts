import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built command under test; BPFILTER_COMMAND names another one, an installed one say. */
export const bpfilter = process.env.BPFILTER_COMMAND ?? fileURLToPath(new URL('../../dist/bpfilter', import.meta.url));

/** What a test asks of the machine, each with the words for its absence. */
const needs = {
  root: () => (process.getuid?.() === 0 && hasUser(65534) ? undefined : 'needs root, and other users beside it'),
  'user namespaces': () => failure(['unshare', '-Urn', 'true'], 'user and network namespaces'),
  build: () => (fs.existsSync(bpfilter) ? undefined : 'dist/bpfilter is not built'),
  /** To look at what is in force, and to do what others do with nftables. */
  nft: () => failure(['nft', '--version'], 'nft'),
  /** What gets rules to the kernel: nft too, or netlink, which needs no program. */
  transport: () => (isOverExec() ? failure(['nft', '--version'], 'nft') : undefined),
  'iptables-legacy': () => failure(['iptables-legacy', '--version'], 'iptables-legacy'),
  netlink: () => (isOverExec() ? 'only over netlink, and BPFILTER_TRANSPORT is exec' : undefined),
  'kernel ip_tables': () => failure(['unshare', '-n', 'iptables-legacy', '-L', '-n'], "the kernel's own ip_tables"),
} as const satisfies Record<string, () => string | undefined>;

/** Whether this run of the tests has rules go through the nft program. */
function isOverExec(): boolean {
  return process.env.BPFILTER_TRANSPORT === 'exec';
}

/** Whether a uid exists here: a user namespace may have its own root alone. */
function hasUser(uid: number): boolean {
  return fs
    .readFileSync('/proc/self/uid_map', 'latin1')
    .trim()
    .split('\n')
    .some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return uid >= first && uid < first + count;
    });
}

export type Need = keyof typeof needs;

/** Debian keeps administrators' programs where an ordinary user's PATH doesn't look. */
const programPath = `${process.env.PATH}:/usr/sbin:/sbin`;

function failure(command: readonly string[], name: string): string | undefined {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: programPath } });
  return done.status === 0 ? undefined : `${name}: ${done.error?.message ?? done.stderr.trim()}`;
}

/** The first need that isn't met, in words; undefined when all are. Give it to describe.skipIf and its title. */
export function missing(...wanted: readonly Need[]): string | undefined {
  for (const need of wanted) {
    const reason = needs[need]();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** A title that says why its tests are skipped, where they are. */
export function titled(title: string, reason: string | undefined): string {
  return reason === undefined ? title : `${title} (skipped: ${reason})`;
}

export interface Ran {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own for state and lock: nothing of the machine's is touched, nothing stays. */
export function withFolder<T>(use: (folder: string) => T, owner?: number): T {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  try {
    if (owner !== undefined) fs.chownSync(folder, owner, owner);
    return use(folder);
  } finally {
    removeFolder(folder);
  }
}

/** A driver whose shim was killed ends a moment later, and may write till then: rmSync's own retries don't look again. */
export function removeFolder(folder: string): void {
  for (let tries = 20; ; tries -= 1) {
    try {
      fs.rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (tries === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

export interface RunOptions {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** What a command is started with: its state and lock are in `folder`, its words in English. */
export function environment(folder: string, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: programPath,
    LC_ALL: 'C',
    BPFILTER_BASE: folder,
    XTABLES_LOCKFILE: path.join(folder, 'xtables.lock'),
    ...env,
  };
}

/** Runs a command with the state in `folder`. Throws when it can't be started or takes too long. */
export function runCommand(command: readonly string[], options: RunOptions): Ran {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    input: options.input ?? '',
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 28,
    env: environment(options.folder, options.env),
  });
  if (done.error !== undefined) throw done.error;
  return { status: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
}

/** The command under test where another user can read it: the checkout itself may lie in somebody's home. */
export function copyFor(owner: number, folder: string): string {
  const copy = path.join(folder, 'command');
  fs.cpSync(path.dirname(bpfilter), copy, { recursive: true });
  for (const file of [copy, ...fs.readdirSync(copy).map((name) => path.join(copy, name))])
    fs.chownSync(file, owner, owner);
  return path.join(copy, path.basename(bpfilter));
}
