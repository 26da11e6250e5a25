import { BpfilterError, describeError } from '../protocol/error.ts';
import { asReplay, type MboxRequest } from '../protocol/mbox.ts';
import type { Deadlines } from './deadline.ts';
import { DriverProcess, type DriverProcessOptions, type PassedMemory } from './driver-process.ts';
import type { Log } from './log.ts';
import { LostDriver } from './lost-driver.ts';
import { Standby, type StandbyOptions } from './standby.ts';
import type { UsermodeDriver } from './usermode-driver.ts';

export interface ModuleOptions extends Omit<DriverProcessOptions, 'driver' | 'isWanted'> {
  /** A driver without blob and process; the standby needs one of its own. */
  readonly newDriver: () => UsermodeDriver;
  /** The driver's program, read when it is loaded. */
  readonly blob: () => Uint8Array;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** How many drivers may fail on one request before its caller hears of it. */
  readonly attempts: number;
  /** A second driver that waits to take over; none unless given. */
  readonly standby?: StandbyOptions;
  /** Gets a request that killed its drivers, for people to look at. */
  readonly keepPoison?: (request: MboxRequest, memory: PassedMemory | undefined) => void;
}

export interface ModuleStatus {
  readonly loaded: boolean;
  readonly pid: number | undefined;
  /** The driver that waits to take over. */
  readonly standby: number | undefined;
  /** Drivers after the first. */
  readonly restarts: number;
  readonly requests: number;
  readonly failures: number;
  /** Drivers that ended other than by unload, or failed and were killed for it; standbys too. */
  readonly deaths: number;
  /**
   * Milliseconds from noticing that the driver was dead or failed, while a request was there, to that request's answer; the
   * last of them.
   */
  readonly recoveryMs: readonly number[];
  /** Why no driver can be started just now. */
  readonly problem: string | undefined;
}

/** What is known of a request beside its words. */
export interface AboutRequest {
  /** Whether its caller still waits; asked while no driver may be started. */
  readonly isWanted?: () => boolean;
  /** No two requests of a shim have the same one, those of other modules and of serving threads before included. */
  readonly sequence?: bigint;
  /** A driver of a serving thread before may have had it. */
  readonly isReplay?: boolean;
}

/** Deaths of the drivers' own making on one request that make it poison; a hang is one. */
const ownFaultsAtMost = 2;

/** How many recoveries are remembered. */
const recoveriesKept = 256;

/** Between starts that fail, times the number of the attempt. */
const startBackOffMs = 10;

/** Drivers that ended are cleared away once nobody has asked for so long, or after the other time. */
const quietMs = 5;
const patienceMs = 50;

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * The bpfilter module (net/bpfilter/bpfilter_kern.c): loads the driver, checks its health by the
 * empty request, carries one request at a time over the two pipes, and has another driver go on when
 * it is gone: the standby at once, else one that is started. Every wait on the driver has a deadline.
 * Synchronous: the serving thread is its one user, so however many callers wait, there is one start.
 */
export class BpfilterModule {
  readonly #options: ModuleOptions;
  readonly #standby: Standby | undefined;
  /** Which request it is, of those whose caller doesn't say. */
  #sequence = process.hrtime.bigint();
  #driver: UsermodeDriver;
  #active: DriverProcess | undefined;
  /** Drivers that others have taken over from, and that are still to be cleared away: requests come first. */
  readonly #lost: LostDriver[] = [];
  #starts = 0;
  #requests = 0;
  #failures = 0;
  #deaths = 0;
  #recoveryMs: number[] = [];
  /** When a request found its driver dead or failing. */
  #lostAt: number | undefined;
  #startFailure: { readonly until: number; readonly error: unknown } | undefined;
  /** The last start failed because the process was gone or stopped before it answered: by somebody, perhaps. */
  #diedStarting = false;

  constructor(options: ModuleOptions) {
    this.#options = options;
    this.#driver = options.newDriver();
    const { standby } = options;
    this.#standby = standby && new Standby({ ...options, ...standby });
  }

  status(): ModuleStatus {
    const { now } = this.#options;
    const failure = this.#startFailure;
    return {
      loaded: this.#driver.loaded,
      pid: this.#active === undefined || this.#active.isEnding ? undefined : this.#active.pid,
      standby: this.#standby?.pid,
      restarts: Math.max(0, this.#starts - 1),
      requests: this.#requests,
      failures: this.#failures,
      deaths: this.#deaths + (this.#standby?.deaths ?? 0),
      recoveryMs: [...this.#recoveryMs],
      problem: failure !== undefined && now() < failure.until ? describeError(failure.error) : undefined,
    };
  }

  /**
   * Returns once a driver runs that has answered the health check. Nothing to do when one runs already.
   *
   * @param isWanted whether anybody still waits for it; asked while no process may be started
   * @throws 'driver' (EFAULT) when none comes up; again at once within the pause after that. 'busy' (EBUSY) when no process
   *   may be started
   */
  load(isWanted: () => boolean = () => true): void {
    const { log, now, deadlines } = this.#options;
    if (this.#active?.isEnding === false) return;
    this.#diedStarting = false;
    this.#forgetDead();
    if (this.#takeOver()) return;
    this.#buryLost();
    const failure = this.#startFailure;
    if (failure !== undefined && now() < failure.until) throw failure.error;
    const driver = this.#driver;
    let started: DriverProcess | undefined;
    try {
      if (!driver.loaded) driver.loadBlob(this.#options.blob());
      started = new DriverProcess({ ...this.#options, driver, isWanted });
      this.#starts += 1;
      started.awaitPosted();
      log.write(`Loaded ${driver.name} pid ${started.pid}`);
      this.#startFailure = undefined;
      this.#active = started;
      this.#standby?.wanted();
    } catch (error) {
      // Cut off or stopped by somebody before it said anything: a wrong answer or none in time is the driver's own fault.
      this.#diedStarting = started?.failure === 'gone' || started?.failure === 'stopped';
      const who = `${driver.name}${started === undefined ? '' : ` pid ${started.pid}`}`;
      if (started !== undefined) this.#deaths += 1;
      started?.destroy();
      // It was no start, and the next one may come as soon as it is allowed.
      if (wasForbidden(error)) throw error;
      this.#startFailure = { until: now() + deadlines.startPause, error };
      log.write(`${who} did not come up: ${describeError(error)}`);
      throw error;
    }
  }

  /** Kills the drivers, waits for their end, forgets them and gives the blob back. The rules stay in force. */
  unload(): void {
    const { log } = this.#options;
    const pid = this.#active?.pid;
    this.#buryLost();
    this.#standby?.unload();
    this.#active?.destroyWithHeir();
    this.#active = undefined;
    if (this.#driver.loaded) this.#driver.unloadBlob();
    this.#startFailure = undefined;
    if (pid !== undefined) log.write(`Unloaded ${this.#driver.name} pid ${pid}`);
  }

  /** Kills the driver and nothing else: what a drill does. The pid that was killed, undefined when none ran. */
  killDriver(): number | undefined {
    const active = this.#active;
    if (active === undefined || active.hasExited) return undefined;
    this.#driver.kill();
    return active.pid;
  }

  /**
   * What can be done between requests: the standby is started and kept fresh, and takes over from a driver
   * that has died meanwhile.
   *
   * @param isIdle nobody waits for an answer
   * @returns milliseconds after which it is worth calling again, −1 for never
   */
  tend(isIdle: boolean): number {
    const standby = this.#standby;
    if (standby === undefined || this.#active === undefined) return -1;
    if (isIdle && this.#active.isEnding && standby.pid !== undefined) {
      this.#forgetDead();
      this.#lostAt = undefined; // nobody waited
      // Who made it end may ask at once.
      if (this.#takeOver()) return quietMs;
    }
    const [oldest] = this.#lost;
    if (oldest === undefined) return standby.tend(isIdle);
    if (!isIdle && this.#options.now() < oldest.at + patienceMs) return quietMs;
    this.#buryLost();
    return standby.tend(isIdle);
  }

  /**
   * Carries one request to the driver and brings its status back. When the driver dies, hangs or
   * answers short, its successor gets the request again, marked as a replay: the driver's journal
   * knows whether it took effect, so it does exactly once. One that dies while it starts has seen
   * nothing of the request; it counts as an attempt.
   *
   * @param memory passed along for requests that name memory
   * @param about who asks
   * @returns 0, a positive result, or −errno
   * @throws 'driver' (EFAULT) or 'timeout' (ETIMEDOUT) when the successors fail too; the next request starts anew
   */
  request(request: MboxRequest, memory: PassedMemory | undefined, about: AboutRequest = {}): number {
    this.#requests += 1;
    this.#sequence += 1n;
    const { isWanted, sequence = this.#sequence, isReplay = false } = about;
    if (request.is_set !== 0) this.#standby?.stale();
    this.#lostAt = undefined;
    let message = isReplay ? { ...request, cmd: asReplay(request.cmd) } : request;
    const failed: LostDriver[] = [];
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.load(isWanted);
        const status = this.#exchange(message, memory, sequence);
        if (this.#lostAt !== undefined) this.#recovered(this.#lostAt);
        return status;
      } catch (error) {
        const { attempts, keepPoison, log } = this.#options;
        const active = this.#active;
        if (active !== undefined) {
          message = { ...request, cmd: asReplay(request.cmd) };
          failed.push(this.#lose(active, describeError(error)));
        }
        const ownFaults = failed.length < ownFaultsAtMost ? 0 : failed.filter((lost) => lost.bury()).length;
        const isPoison = ownFaults >= ownFaultsAtMost;
        if (!isPoison && attempt < attempts && (active !== undefined || this.#diedStarting)) {
          this.#startFailure = undefined;
          if (active === undefined) sleepSync(attempt * startBackOffMs);
          continue;
        }
        this.#failures += 1;
        if (isPoison) {
          log.write(`a request from process ${request.pid} made ${ownFaults} drivers fail: refused`);
          keepPoison?.(request, memory);
        }
        throw error;
      }
    }
  }

  #recovered(lostAt: number): void {
    this.#recoveryMs.push(this.#options.now() - lostAt);
    if (this.#recoveryMs.length > recoveriesKept) this.#recoveryMs.shift();
  }

  #exchange(message: MboxRequest, memory: PassedMemory | undefined, sequence: bigint): number {
    const active = this.#active;
    if (active === undefined) throw new BpfilterError('driver', 'no driver runs');
    if (memory !== undefined) active.pass(memory, sequence);
    // What is left of the driver before may keep one processor busy, and the other one is for this driver.
    return active.exchange(message, this.#options.deadlines.request(message.len), {
      mayLook: this.#lost.length === 0,
      whenLong: () => this.#standby?.stepAside(),
    });
  }

  /** Gives a driver up that has ended or failed, `why`; one that isn't on its way out by itself is ended at once. */
  #lose(active: DriverProcess, why?: string): LostDriver {
    const { log, now } = this.#options;
    const isEnding = active.isEnding;
    const hasSuccessor = this.#standby?.pid !== undefined;
    const lost = new LostDriver({ driver: this.#driver, process: active, log, at: now(), why, hasSuccessor });
    this.#deaths += 1;
    this.#lostAt ??= lost.at;
    this.#active = undefined;
    this.#lost.push(lost);
    if (!isEnding || !hasSuccessor) this.#buryLost();
    return lost;
  }

  #forgetDead(): void {
    if (this.#active !== undefined) this.#lose(this.#active);
  }

  /** Makes the standby the driver; false when there is none that works. */
  #takeOver(): boolean {
    const successor = this.#standby?.take();
    if (successor === undefined) return false;
    const last = this.#lost.at(-1);
    // A driver that is still to be cleared away runs from its blob.
    if (last?.driver !== this.#driver && this.#driver.loaded) this.#driver.unloadBlob();
    this.#driver = successor.driver;
    this.#active = successor.process;
    this.#starts += 1;
    this.#startFailure = undefined;
    const text = `${this.#driver.name} pid ${successor.process.pid} has taken over`;
    if (last === undefined) this.#options.log.write(text);
    else last.successor = text;
    return true;
  }

  #buryLost(): void {
    for (const lost of this.#lost.splice(0)) {
      lost.bury();
      // What none has taken over from goes on with its blob.
      if (lost.driver !== this.#driver && lost.driver.loaded) lost.driver.unloadBlob();
    }
  }
}

/** No process may be started, and who waited for that to change has waited long enough or is gone. */
function wasForbidden(error: unknown): boolean {
  return error instanceof BpfilterError && (error.code === 'busy' || error.code === 'caller-gone');
}
