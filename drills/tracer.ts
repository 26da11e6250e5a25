import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Calls by which a driver changes files, starts processes, locks, and answers. */
export const stepCalls = [
  'write',
  'pwrite64',
  'writev',
  'openat',
  'rename',
  'unlink',
  'ftruncate',
  'fallocate',
  'flock',
  'sendto',
  'sendmsg',
  'memfd_create',
  'clone',
  'clone3',
  'vfork',
  'wait4',
] as const;

/** All calls that touch descriptors, files, processes, sockets or BPF, as strace groups them. */
const everyCall = ['%desc', '%file', '%process', '%network', 'bpf'] as const;

/** One call of a watched process: by name, and how many of that name it is. */
export interface Step {
  readonly call: string;
  readonly nth: number;
}

/** Why strace can't be used here; undefined where it can. */
export function whyNoTracer(): string | undefined {
  const tried = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `strace: ${tried.error?.message ?? tried.stderr.trim()}`;
}

/** A tracer of one process's main thread, where a driver does its work. */
export class Tracer {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(pid: number, args: readonly string[]) {
    this.#process = spawn('strace', ['-qq', '-p', String(pid), ...args], { stdio: ['ignore', 'ignore', 'ignore'] });
    this.#ended = once(this.#process, 'exit');
  }

  /** Notes its steps in `file`; with `every`, all calls there are. */
  static async watch(pid: number, file: string, every = false): Promise<Tracer> {
    return Tracer.#attached(pid, ['-o', file, '-e', `trace=${(every ? everyCall : known()).join()}`]);
  }

  /** Kills the process as it is about to make its `nth` call of that name. */
  static async killAt(pid: number, { call, nth }: Step): Promise<Tracer> {
    const inject = `inject=${call}:signal=KILL:when=${nth}`;
    return Tracer.#attached(pid, ['-o', '/dev/null', '-e', `trace=${call}`, '-e', inject]);
  }

  static async #attached(pid: number, args: readonly string[]): Promise<Tracer> {
    const tracer = new Tracer(pid, args);
    while (!/^TracerPid:\t[1-9]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))) {
      if (tracer.#process.exitCode !== null) throw new Error('strace could not attach');
      await sleep(2);
    }
    return tracer;
  }

  /** Lets go of the process. */
  async end(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#ended;
  }
}

/** Older architectures' calls aren't on all: strace refuses a set with a name it doesn't know. */
function known(): readonly string[] {
  return stepCalls.map((call) => `?${call}`);
}

/** The calls that a watched process made, in their order. */
export function stepsIn(file: string): readonly Step[] {
  const counts = new Map<string, number>();
  const lines = fs.readFileSync(file, 'latin1').split('\n');
  return lines.flatMap((line) => {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined) return [];
    const nth = (counts.get(call) ?? 0) + 1;
    counts.set(call, nth);
    return [{ call, nth }];
  });
}
