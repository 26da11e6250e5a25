import { Worker } from 'node:worker_threads';
import { asErrno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import type { SpawnedProcess, SpawnRequest } from '../usermode-driver.ts';
import { ownStdio, workerFile } from '../worker-file.ts';
import { AnswerMemory } from './answer.ts';

export interface SpawnerOptions {
  /** Capabilities its processes keep (CAP_* numbers); everything else is dropped from the bounding set. */
  readonly capabilities: readonly number[];
  /** An open network namespace to start the processes in; the shim's own when undefined. */
  readonly netns?: number;
  /** How long the thread may take to start one; milliseconds. 10,000 unless given. */
  readonly timeoutMs?: number;
}

export interface SpawnerData extends Pick<SpawnerOptions, 'capabilities' | 'netns'> {
  readonly answer: SharedArrayBuffer;
}

const spawnTimeoutMs = 10_000;

/**
 * A thread whose only work is to start drivers with the least privilege: capabilities, namespaces
 * and no_new_privs belong to threads, so it enters the namespace and drops what a driver doesn't
 * need, once and for good, before it forks. It also reaps them.
 */
export class Spawner {
  readonly #options: SpawnerOptions;
  #answer = new AnswerMemory();
  #worker: Worker;
  /** An order was given that nobody has asked after yet. */
  #pending = false;

  constructor(options: SpawnerOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /**
   * Orders a process; what comes back waits until it was executed. Blocks the calling thread, not other threads'
   * event loops. One order at a time.
   */
  readonly spawn = (request: SpawnRequest): (() => SpawnedProcess) => {
    if (this.#pending) throw new BpfilterError('busy', 'a process is being started already');
    this.#answer.reset();
    this.#worker.postMessage(request);
    this.#pending = true;
    return () => this.#executed(request);
  };

  #executed(request: SpawnRequest): SpawnedProcess {
    this.#pending = false;
    const { timeoutMs = spawnTimeoutMs } = this.#options;
    const answer = this.#answer.wait(timeoutMs);
    if (answer === undefined) {
      this.#replace();
      throw new BpfilterError('timeout', `${request.file} was not started within ${timeoutMs} ms`);
    }
    if (answer.kind === 'failed') {
      const detail = answer.errno === 0 ? {} : { errno: asErrno(answer.errno), call: 'spawn' };
      throw new BpfilterError('syscall', answer.message, detail);
    }
    return { pid: answer.pid, pidfd: answer.pidfd };
  }

  #start(): Worker {
    const { url, execArgv } = workerFile('spawner-worker', 'spawner');
    const { capabilities, netns } = this.#options;
    const workerData: SpawnerData = {
      capabilities,
      answer: this.#answer.shared,
      ...(netns === undefined ? {} : { netns }),
    };
    const worker = new Worker(url, {
      workerData,
      execArgv,
      ...ownStdio,
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    });
    worker.unref();
    return worker;
  }

  /** One that doesn't answer may have ended. What it still says is heard by nobody. */
  #replace(): void {
    this.close();
    this.#answer = new AnswerMemory();
    this.#worker = this.#start();
  }

  /** Ends the thread; processes it started live on. */
  close(): void {
    void this.#worker.terminate();
  }
}
