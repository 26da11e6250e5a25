import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { askShim } from '../kern-shim/control/client.ts';
import type { ServedStatus } from '../kern-shim/run/messages.ts';
import { stateFolder } from '../kern-shim/state-folder.ts';
import { shimSocketName } from '../protocol/shim-names.ts';
import { netnsCookie } from '../sys/namespace.ts';
import { driversOf, killHard } from './processes.ts';
import { UdpStreams } from './udp-streams.ts';

export interface Done {
  /** Its exit status; undefined when nobody will tell any more. */
  readonly status: number | undefined;
  /** What it printed, errors too. */
  readonly output: string;
  /** Something was done meanwhile on purpose by which it may fail. */
  readonly disturbed: boolean;
}

interface Running {
  disturbed: boolean;
  readonly resolve: (status: number | undefined) => void;
}

export interface ArenaOptions {
  /** A folder of this drill's own. */
  readonly folder: string;
  /** The command that is drilled. */
  readonly bpfilter: string;
  /** Further variables of the shim's environment. */
  readonly env: Readonly<Record<string, string>>;
}

const programPath = `${process.env.PATH}:/usr/sbin:/sbin`;
/** Longer than any deadline of the shim's: who waits so long waits for ever. */
const hungMs = 90_000;
const closeMs = 10_000;

/**
 * Where a drill takes place: this process's network namespace, a private folder for the state, and one
 * `bpfilter run` with a shell in it that is handed commands, any number at once.
 */
export class Arena {
  readonly #options: ArenaOptions;
  readonly #running = new Map<number, Running>();
  readonly #streams: UdpStreams[] = [];
  #process: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #text = '';
  #isDisturbed = false;
  #up: Promise<void> = Promise.resolve();
  #errors = '';
  /** Commands that were given, and those that have ended. */
  commands = 0;
  completed = 0;

  constructor(options: ArenaOptions) {
    this.#options = options;
    fs.mkdirSync(this.base, { recursive: true, mode: 0o700 });
    fs.mkdirSync(path.join(options.folder, 'out'), { recursive: true, mode: 0o700 });
    this.#start();
  }

  get folder(): string {
    return this.#options.folder;
  }

  get base(): string {
    return path.join(this.#options.folder, 'base');
  }

  /** The shim's process; 0 when it couldn't be started. */
  get shim(): number {
    return this.#process?.pid ?? 0;
  }

  /** Its drivers, the one that serves before the one that stands by. */
  get drivers(): readonly number[] {
    return driversOf(this.shim);
  }

  /** What the shim and its drivers have logged. */
  get log(): string {
    try {
      return fs.readFileSync(path.join(this.#state, 'log'), 'latin1');
    } catch {
      return '';
    }
  }

  /** What lies in the state folder. */
  get stateFiles(): readonly string[] {
    return fs.readdirSync(this.#state);
  }

  get #state(): string {
    return stateFolder(this.base, netnsCookie());
  }

  /** What the shim says of itself. @throws when it doesn't answer */
  async status(): Promise<ServedStatus | undefined> {
    const served = (await this.ask('status')) as readonly ServedStatus[];
    return served.find((one) => one.own);
  }

  ask(operation: 'status' | 'unload'): Promise<unknown> {
    return askShim(path.join(this.#state, shimSocketName(this.shim)), operation);
  }

  /** Gives a command line to a shell below the shim. */
  async command(line: string): Promise<Done> {
    await this.#up;
    this.commands += 1;
    const id = this.commands;
    const file = path.join(this.#options.folder, 'out', String(id));
    const running: { disturbed: boolean } = { disturbed: this.#isDisturbed };
    const status = await new Promise<number | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), hungMs);
      const entry: Running = Object.assign(running, {
        resolve: (result: number | undefined) => {
          clearTimeout(timer);
          resolve(result);
        },
      });
      this.#running.set(id, entry);
      // `jobs` has the shell wait for what has ended.
      const words = `jobs >/dev/null\n( { ${line}\n} >'${file}' 2>&1 </dev/null; printf '@@%d %d\\n' ${id} $? ) &\n`;
      this.#process?.stdin?.write(words);
    });
    this.#running.delete(id);
    this.completed += 1;
    return { status, output: takeText(file), disturbed: running.disturbed || this.#isDisturbed };
  }

  /** A command that must succeed; returns what it printed. */
  async expect(line: string): Promise<string> {
    const { status, output } = await this.command(line);
    if (status !== 0) throw new Error(`${line}: status ${status ?? 'unknown'}: ${output}${this.#errors}`);
    return output;
  }

  /** Runs a command in this namespace, not served. */
  run(...command: readonly string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  } {
    const [program = '', ...args] = command;
    return spawnSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: programPath, LC_ALL: 'C' },
      maxBuffer: 1 << 28,
    });
  }

  async traffic(ports: Readonly<Record<string, number>>): Promise<UdpStreams> {
    const streams = await UdpStreams.open(ports);
    this.#streams.push(streams);
    return streams;
  }

  /** From now on commands may fail: all that run, and all that are given until `calm`. */
  disturb(): void {
    this.#isDisturbed = true;
    for (const running of this.#running.values()) running.disturbed = true;
  }

  calm(): void {
    this.#isDisturbed = false;
  }

  /** Kills the shim; when all below it have ended, another one is started. */
  async replaceShim(): Promise<void> {
    this.disturb();
    let isUp = () => {};
    this.#up = new Promise((resolve) => {
      isUp = resolve;
    });
    killHard(this.shim);
    this.#process?.stdin?.end();
    await this.#closed;
    this.#start();
    this.calm();
    isUp();
  }

  async close(): Promise<void> {
    for (const streams of this.#streams) streams.close();
    this.#process?.stdin?.end();
    const timer = setTimeout(() => killHard(this.shim), closeMs);
    await this.#closed;
    clearTimeout(timer);
  }

  #start(): void {
    const { bpfilter, env } = this.#options;
    const child = spawn(bpfilter, ['run', '--', 'sh'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C is for the drill, which ends it in order.
      detached: true,
      env: {
        ...process.env,
        PATH: programPath,
        LC_ALL: 'C',
        BPFILTER_BASE: this.base,
        XTABLES_LOCKFILE: path.join(this.base, 'xtables.lock'),
        ...env,
      },
    });
    this.#process = child;
    this.#text = '';
    child.stdin.on('error', () => {}); // EPIPE, once it was killed
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('latin1')).slice(-4096);
    });
    // A shell lives on when its shim is killed, and may still print: the end of its output is its end.
    this.#closed = new Promise((resolve) => {
      child.once('error', resolve);
      child.once('close', resolve);
    }).then(() => {
      for (const { resolve } of this.#running.values()) resolve(undefined);
    });
  }

  #receive(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const [, id, status] = /^@@(\d+) (\d+)$/.exec(line) ?? [];
      this.#running.get(Number(id))?.resolve(Number(status));
    }
  }
}

function takeText(file: string): string {
  try {
    const text = fs.readFileSync(file, 'latin1');
    fs.rmSync(file);
    return text;
  } catch {
    return ''; // it never came so far
  }
}
