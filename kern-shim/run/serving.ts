import { Worker } from 'node:worker_threads';
import { BpfilterError } from '../../protocol/error.ts';
import { eventfd, signalEventfd } from '../../sys/eventfd.ts';
import { DriverRegister } from '../driver-register.ts';
import { HelperGate } from '../helper-gate.ts';
import { TakenCall } from '../intercept/taken-call.ts';
import type { ModulesOptions } from '../modules.ts';
import { ownStdio, workerFile } from '../worker-file.ts';
import type { ControlOperation, ServeCommand, ServeData, ServedStatus, ServeMessage } from './messages.ts';

type Answer = string | readonly ServedStatus[];

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const restartPauseMs = 200;

const noneStarted = 'no driver is started';
/** RUNNING_HELPERS_TIMEOUT (kernel/umh.c). */
const drainMs = 5_000;

/** It has no event loop in which node would collect, and what it leaves behind lives no longer than a request. */
const youngMiB = 4;

/** The main thread's handle on the serving thread: starts it, asks it, ends it, and starts it again should it fail. */
export class Serving {
  readonly #data: ServeData;
  readonly #gate = new HelperGate();
  readonly #waiting = new Map<number, Waiting>();
  readonly #onFailure: (error: unknown) => void;
  #worker: Worker;
  #nextId = 1;
  #stopping = false;
  #resolveEnd: (end: 'hangup' | 'stopped') => void = () => {};

  /** Settles when the last filtered process has gone, or after `stop`. */
  readonly ended: Promise<'hangup' | 'stopped'>;

  /**
   * @param listener seccomp listener to serve
   * @param onFailure hears of a serving thread that died; it has been started again then
   */
  constructor(listener: number, options: ModulesOptions, onFailure: (error: unknown) => void) {
    const [taken, drivers] = [new TakenCall().shared, new DriverRegister().shared];
    this.#data = { ...options, listener, wake: eventfd(), gate: this.#gate.shared, taken, drivers };
    this.#onFailure = onFailure;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
    this.#worker = this.#start();
  }

  get listener(): number {
    return this.#data.listener;
  }

  /** Carries out an operation: at once what a request may wait for, the rest on the serving thread between two requests. */
  ask(operation: ControlOperation): Promise<Answer> {
    if (operation === 'disable') return this.#disable();
    if (operation === 'enable') {
      this.#gate.enable();
      return Promise.resolve(this.#gate.isClosed ? noneStarted : 'drivers are started again');
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#nextId, { resolve, reject });
      this.#send(operation);
    });
  }

  /** usermodehelper_disable: returns once nothing is being started any more, else leaves all as it was (EAGAIN there). */
  async #disable(): Promise<Answer> {
    this.#gate.disable();
    if (await this.#gate.drained(drainMs)) return noneStarted;
    this.#gate.enable();
    throw new BpfilterError('busy', `a driver is still being started after ${drainMs} ms: not disabled`);
  }

  /** Returns once drivers that were started have ended, after the last filtered process has gone. */
  async driversEnded(): Promise<void> {
    if (this.#gate.wasPassed) await this.ended;
  }

  /** Ends the serving thread and its drivers; the listener stays open. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#send('stop');
    await this.ended;
  }

  #send(operation: ServeCommand['operation']): void {
    const command: ServeCommand = { id: this.#nextId++, operation };
    this.#worker.postMessage(command);
    signalEventfd(this.#data.wake);
  }

  #start(): Worker {
    const { url, execArgv } = workerFile('serve-worker', 'run');
    const worker = new Worker(url, {
      workerData: this.#data,
      execArgv,
      ...ownStdio,
      resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
    });
    worker.on('message', (message: ServeMessage) => this.#receive(message));
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new BpfilterError('driver', 'the serving thread failed', { cause: error }));
      }
      this.#waiting.clear();
      this.#gate.abandon();
      this.#onFailure(error);
      // What kept it from starting (no descriptors, no memory) may pass; trying without a pause only burns a processor.
      setTimeout(() => {
        this.#worker = this.#start();
        if (this.#stopping) this.#send('stop');
      }, restartPauseMs);
    });
    return worker;
  }

  #receive(message: ServeMessage): void {
    switch (message.kind) {
      case 'hangup':
      case 'stopped':
        this.#resolveEnd(message.kind);
        return;
      case 'answer':
      case 'served':
        this.#waiting.get(message.id)?.resolve(message.kind === 'answer' ? message.text : message.status);
        this.#waiting.delete(message.id);
        return;
      case 'failed':
        this.#waiting.get(message.id)?.reject(new BpfilterError('driver', message.message));
        this.#waiting.delete(message.id);
        return;
      default:
        message satisfies never;
    }
  }
}
