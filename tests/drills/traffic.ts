import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import type { StreamReport, Streams } from '../../drills/udp-streams.ts';
import { programCommand } from '../harness/program.ts';

const program = new URL('./traffic-child.ts', import.meta.url);

/** Streams of UDP packets within a network namespace, by name. */
export class Traffic implements Streams {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(inside: readonly string[], ports: Readonly<Record<string, number>>) {
    const [command = '', ...args] = [...inside, ...programCommand(program), JSON.stringify(ports)];
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#process.stdout === null) throw new Error('no output of the traffic process');
    this.#lines = readline.createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    await this.report();
  }

  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.#ask(`start ${name}`);
  }

  /** What was sent and received by the time the last packet has arrived. */
  async stop(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.#ask(`stop ${name}`);
  }

  report(): Promise<Readonly<Record<string, StreamReport>>> {
    return this.#ask('report');
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
  }

  async #ask(line: string): Promise<Readonly<Record<string, StreamReport>>> {
    this.#process.stdin?.write(`${line}\n`);
    const answer = await this.#lines.next();
    if (answer.done === true) throw new Error('the traffic process has ended');
    return JSON.parse(answer.value) as Readonly<Record<string, StreamReport>>;
  }
}
