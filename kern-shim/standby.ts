import { BpfilterError, describeError } from '../protocol/error.ts';
import type { MboxRequest } from '../protocol/mbox.ts';
import { DriverProcess, type DriverProcessOptions, type PassedMemory } from './driver-process.ts';
import { describeEnd } from './process-end.ts';
import type { UsermodeDriver } from './usermode-driver.ts';

export interface StandbyOptions {
  /** Milliseconds after the driver's start: a command that is over sooner needs no standby. */
  readonly afterMs: number;
  /** What it is asked so that it knows the tables as they are, and memory for that; must change nothing. */
  readonly warmUp: MboxRequest;
  readonly warmUpMemory?: PassedMemory;
  /** Whether a process may be started now; always, unless given. */
  readonly mayStart?: () => boolean;
}

export interface StandbyContext extends Omit<DriverProcessOptions, 'driver'>, StandbyOptions {
  readonly newDriver: () => UsermodeDriver;
  readonly blob: () => Uint8Array;
}

/** A standby that has proved to work, with what it was started from. */
export interface Successor {
  readonly driver: UsermodeDriver;
  readonly process: DriverProcess;
}

/** Between the starts of standbys that die, doubled each time; milliseconds. */
const firstBackOffMs = 1_000;
const longestBackOffMs = 60_000;
/** From a take-over to the next one's start, which takes the serving thread some milliseconds: requests come first. */
const nextAfterMs = 50;
/** After so long without a request it is shown the tables again. */
const quietMs = 100;
/** A standby that is due is started among requests, too, after so long. */
const patienceMs = 500;
/** A standby that learns the tables holds their lock: one that takes so long over it, while a request waits, is given up. */
const longestWarmUpMs = 2_000;
/** How often it is looked at while nothing else happens. */
const lookMs = 2_000;

/**
 * The driver behind the driver: started, asked for its health and shown the tables while nobody waits, so
 * that it can take over at once.
 */
export class Standby {
  readonly #context: StandbyContext;
  #driver: UsermodeDriver | undefined;
  #process: DriverProcess | undefined;
  /** When it is to be started; undefined: not before somebody wants it. */
  #due: number | undefined;
  #backOffMs = firstBackOffMs;
  /** When the tables may have changed last, since it was shown them; undefined: they haven't. */
  #staleSince: number | undefined;
  #deaths = 0;

  constructor(context: StandbyContext) {
    this.#context = context;
  }

  get pid(): number | undefined {
    return this.#process === undefined || this.#process.isEnding ? undefined : this.#process.pid;
  }

  /** Standbys that ended or failed. */
  get deaths(): number {
    return this.#deaths;
  }

  /** A driver has come up: another one is to stand behind it. */
  wanted(): void {
    this.#due ??= this.#context.now() + this.#context.afterMs;
  }

  /** A request that may change tables goes to the driver: what the standby knows may be of yesterday. */
  stale(): void {
    this.#staleSince = this.#context.now();
  }

  /**
   * Hands the standby over once it has answered for its health; undefined when there is none that does. The
   * next one is wanted then.
   */
  take(): Successor | undefined {
    const [driver, process] = [this.#driver, this.#process];
    if (driver === undefined || process === undefined) return undefined;
    try {
      ensureAlive(process);
      process.awaitPosted();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
    this.#driver = undefined;
    this.#process = undefined;
    this.#due = this.#context.now() + nextAfterMs;
    this.#backOffMs = firstBackOffMs;
    return { driver, process };
  }

  /** Starts it when it is time, and keeps it fresh. Milliseconds after which it is worth calling again, −1 for never. */
  tend(isIdle: boolean): number {
    const process = this.#process;
    if (process === undefined) return this.#tendStart(isIdle);
    try {
      if (isIdle) ensureAlive(process);
      if (!process.takePosted() || this.#staleSince === undefined) return lookMs;
      const left = this.#staleSince + quietMs - this.#context.now();
      if (left > 0 || !isIdle) return Math.max(1, Math.ceil(left));
      this.#staleSince = undefined;
      this.#warmUp(process);
      return lookMs;
    } catch (error) {
      this.#fail(error);
      return this.#tendStart(false);
    }
  }

  /** A request has waited for long: the standby mustn't be what it waits for, hung or stopped with the lock in its hands. */
  stepAside(): void {
    const process = this.#process;
    if (process === undefined) return;
    try {
      if (process.takePosted() || process.owesFor < longestWarmUpMs) return;
      throw new BpfilterError(
        'timeout',
        `no answer to its warm-up for ${Math.round(process.owesFor)} ms, and a request waits`,
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends it, gives the blob back, and starts none until it is wanted again. */
  unload(): void {
    this.#due = undefined;
    this.#process?.destroyWithHeir();
    this.#process = undefined;
    this.#drop();
  }

  #tendStart(isIdle: boolean): number {
    if (this.#due === undefined) return -1;
    const left = this.#due - this.#context.now();
    if (left > 0) return Math.ceil(left);
    if (!isIdle && left > -patienceMs) return 1;
    if (this.#context.mayStart?.() === false) return lookMs;
    try {
      this.#start();
    } catch (error) {
      this.#fail(error);
    }
    return lookMs;
  }

  #start(): void {
    const { newDriver, blob, log } = this.#context;
    this.#driver = newDriver();
    this.#driver.loadBlob(blob());
    this.#process = new DriverProcess({ ...this.#context, driver: this.#driver, isWanted: noOne });
    this.#staleSince = undefined;
    this.#warmUp(this.#process);
    log.write(`${this.#driver.name} pid ${this.#process.pid} stands by`);
  }

  #warmUp(process: DriverProcess): void {
    const { warmUp, warmUpMemory } = this.#context;
    process.post(warmUp, 'warm-up', warmUpMemory);
  }

  #fail(error: unknown): void {
    const { log, now } = this.#context;
    const name = `standby${this.#process === undefined ? '' : ` pid ${this.#process.pid}`}`;
    if (this.#process !== undefined) this.#deaths += 1;
    log.write(`${name}: ${describeError(error)}; the next one in ${this.#backOffMs} ms`);
    this.#drop();
    this.#due = now() + this.#backOffMs;
    this.#backOffMs = Math.min(2 * this.#backOffMs, longestBackOffMs);
  }

  #drop(): void {
    this.#process?.destroy();
    this.#process = undefined;
    if (this.#driver?.loaded === true) this.#driver.unloadBlob();
    this.#driver = undefined;
  }
}

/** Callers must not wait behind a standby that may not be started now. */
const noOne = (): boolean => false;

function ensureAlive(process: DriverProcess): void {
  if (process.isEnding) throw new BpfilterError('driver', `it has exited (it ${describeEnd(process.end)})`);
}
