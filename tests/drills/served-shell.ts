import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { driverOf, killHard } from '../../drills/processes.ts';

export interface Done {
  readonly status: number;
  /** What it printed, errors too. */
  readonly output: string;
}

/** The shell can't answer any more: its shim was killed, or the shell itself. */
export class ShellEnded extends Error {
  override readonly name = 'ShellEnded';
}

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

const programPath = `${process.env.PATH}:/usr/sbin:/sbin`;

/** A shell below a shim that is given its commands one by one: who gives them knows when each began and how it ended. */
export class ServedShell {
  readonly #process: ChildProcess;
  #text = '';
  #waiting: Waiting | undefined;
  #ended = false;
  /** Commands that were given. */
  commands = 0;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = '', ...args] = command;
    this.#process = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PATH: programPath, LC_ALL: 'C', ...env },
    });
    this.#process.stdin?.on('error', () => {}); // EPIPE, once it was killed
    this.#process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk.toString('latin1')));
    // A shell lives on when its shim is killed, and may still print: the end of its output is its end.
    this.#process.on('close', () => {
      this.#ended = true;
      this.#waiting?.reject(new ShellEnded('the shell has ended'));
    });
  }

  /** The shim's process: what stands before it only executes it. */
  get shim(): number {
    return this.#process.pid ?? 0;
  }

  /** Its driver now; undefined when none runs. */
  get driver(): number | undefined {
    return driverOf(this.shim);
  }

  async ready(): Promise<void> {
    await this.command('true');
  }

  /** @throws ShellEnded when it ends first */
  command(line: string): Promise<Done> {
    if (this.#ended) return Promise.reject(new ShellEnded('the shell has ended'));
    this.commands += 1;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#process.stdin?.write(`{ ${line}\n} 2>&1 </dev/null; printf '\\n@@%d\\n' $?\n`);
    });
  }

  /** A command that must succeed; returns what it printed. */
  async expect(line: string): Promise<string> {
    const { status, output } = await this.command(line);
    if (status !== 0) throw new Error(`${line}: status ${status}: ${output}`);
    return output;
  }

  killShim(): void {
    killHard(this.shim);
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    if (!this.#ended) await once(this.#process, 'close');
  }

  #receive(text: string): void {
    this.#text += text;
    const end = /\n@@(\d+)\n$/.exec(this.#text);
    if (end === null) return;
    const output = this.#text.slice(0, end.index);
    this.#text = '';
    this.#waiting?.resolve({ status: Number(end[1]), output });
    this.#waiting = undefined;
  }
}
