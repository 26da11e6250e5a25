import { type ProcessEnd, remembersEnds } from '../sys/pidfd.ts';
import type { DriverProcess } from './driver-process.ts';
import type { Log } from './log.ts';
import { describeEnd } from './process-end.ts';
import type { UsermodeDriver } from './usermode-driver.ts';

export interface LostDriverOptions {
  readonly driver: UsermodeDriver;
  readonly process: DriverProcess;
  readonly log: Log;
  /** When it was lost, by the module's clock. */
  readonly at: number;
  /** In what it has failed; undefined: it has ended while nobody asked. */
  readonly why: string | undefined;
  /** Whether another driver stands by. */
  readonly hasSuccessor: boolean;
}

/** A process that has closed its pipes is given so long to be gone. */
const dyingMs = 100;

/** Signals by which somebody else ends a process: SIGHUP, SIGINT, SIGKILL, SIGTERM. */
const signalsFromOutside: readonly number[] = [1, 2, 9, 15];

/**
 * A driver that has failed or ended. What is to be done about it then (telling of it, making sure of its end, closing what
 * belongs to it) takes as long as a request, so for one that is on its way out it is left until nobody waits.
 */
export class LostDriver {
  readonly driver: UsermodeDriver;
  readonly at: number;
  /** What the log is to say next, of the driver after it. */
  successor: string | undefined;
  readonly #options: LostDriverOptions;
  readonly #coming: ProcessEnd | undefined;
  #isOwnFault: boolean | undefined;

  constructor(options: LostDriverOptions) {
    this.#options = options;
    this.driver = options.driver;
    this.at = options.at;
    // Once it was waited for, older kernels have forgotten it. To ask takes 0.2 ms, and somebody may wait.
    this.#coming = remembersEnds() ? undefined : options.process.end;
  }

  /** Does all that; only once. Whether its end was its own doing, or would have been. */
  bury(): boolean {
    this.#isOwnFault ??= this.#bury();
    return this.#isOwnFault;
  }

  #bury(): boolean {
    const { process, driver, log, why, hasSuccessor } = this.#options;
    const { pid, failure } = process;
    const coming = this.#coming ?? process.end;
    const hasExited = coming !== undefined || (failure === 'gone' ? process.awaitExit(dyingMs) : process.hasExited);
    const end = coming ?? process.end;
    const successor = hasSuccessor ? 'its standby takes over' : 'starting it again';
    log.write(
      why === undefined
        ? `${driver.name} pid ${pid} has exited (it ${describeEnd(end)}): ${successor}`
        : `${driver.name} pid ${pid}: ${why}; it ${hasExited ? describeEnd(end) : 'is killed'}`,
    );
    process.dismiss();
    if (this.successor !== undefined) log.write(this.successor);
    // One that was stopped was so by somebody.
    return hasExited ? isOwnFault(end) : failure !== 'stopped';
  }
}

/** Ended by its own doing: an abort, a fault, an exit. By whom a process was ended that nobody can tell of, is unknown too. */
function isOwnFault(end: ProcessEnd | undefined): boolean {
  if (end === undefined) return false;
  return end.kind === 'exited' || !signalsFromOutside.includes(end.status);
}
