import fs from 'node:fs';
import os from 'node:os';
import { errno } from '../protocol/errno.ts';
import { BpfilterError, describeError, errnoOf } from '../protocol/error.ts';
import { asReplay, decodeReply, encodeRequest, type MboxRequest, mbox_reply, mbox_request } from '../protocol/mbox.ts';
import { encodeMemoryNote, type MemoryNote, memoryNoteSize } from '../protocol/memory-note.ts';
import { closeFd } from '../sys/descriptor.ts';
import { sendFd, socketpairSeqpacket } from '../sys/fd-passing.ts';
import { POLLIN, Poller } from '../sys/poll.ts';
import { type Deadlines, isStopped } from './deadline.ts';
import type { Log } from './log.ts';
import type { Interpreter, RunningDriver, UsermodeDriver } from './usermode-driver.ts';

export interface ModuleOptions {
  readonly driver: UsermodeDriver;
  /** The driver's program, read when the module is loaded. */
  readonly blob: () => Uint8Array;
  readonly interpreter: Interpreter;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** How many drivers may fail on one request before its caller hears of it. */
  readonly attempts: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** The memory that a request names: the caller's open /proc/PID/mem, and what the caller may do with the range. */
export interface PassedMemory extends MemoryNote {
  readonly descriptor: number;
}

export interface ModuleStatus {
  readonly loaded: boolean;
  readonly pid: number | undefined;
  /** Forks after the first. */
  readonly restarts: number;
  readonly requests: number;
  readonly failures: number;
}

/** A request that has hung, and once more. */
const attemptsWhenHung = 2;

/** The first request a driver must answer with 0 before anything is served. */
const healthCheck: MboxRequest = { addr: 0n, len: 0, is_set: 0, cmd: 0, pid: 0 };

/** On a single processor the driver couldn't run meanwhile. */
const spinMs = os.availableParallelism() > 1 ? 0.1 : 0;

/** Between starts that fail, times the number of the attempt. */
const startBackOffMs = 10;

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * The bpfilter module (net/bpfilter/bpfilter_kern.c): loads the driver, checks its health by the
 * empty request, carries one request at a time over the two pipes, and starts the driver again when
 * the next request finds it gone. Every wait on the driver has a deadline. Synchronous: the serving
 * thread is its one user, so however many callers wait, there is one start.
 */
export class BpfilterModule {
  readonly #options: ModuleOptions;
  readonly #request = new DataView(new ArrayBuffer(mbox_request.size));
  readonly #reply = new DataView(new ArrayBuffer(mbox_reply.size));
  readonly #note = Buffer.alloc(memoryNoteSize);
  #memorySocket: number | undefined;
  #poller: Poller | undefined;
  #forks = 0;
  #requests = 0;
  #failures = 0;
  #startFailure: { readonly until: number; readonly error: unknown } | undefined;
  /** The last start failed because the process was gone before it answered: killed, perhaps. */
  #diedStarting = false;

  constructor(options: ModuleOptions) {
    this.#options = options;
  }

  status(): ModuleStatus {
    const { driver } = this.#options;
    return {
      loaded: driver.loaded,
      pid: driver.threadGroupExited() ? undefined : driver.running?.pid,
      restarts: Math.max(0, this.#forks - 1),
      requests: this.#requests,
      failures: this.#failures,
    };
  }

  /**
   * Loads the blob, forks the driver and returns once it has answered the health check. Nothing to
   * do when it runs already.
   *
   * @throws 'driver' (EFAULT) when it doesn't come up; again at once within the pause after that
   */
  load(): void {
    const { driver, log, now, deadlines } = this.#options;
    if (!driver.threadGroupExited()) return;
    this.#diedStarting = false;
    const failure = this.#startFailure;
    if (failure !== undefined && now() < failure.until) throw failure.error;
    if (driver.running !== undefined)
      log.write(`${driver.name} pid ${driver.running.pid} has exited: starting it again`);
    this.#forget();
    let answered = false;
    try {
      if (!driver.loaded) driver.loadBlob(this.#options.blob());
      const pid = this.#fork();
      const status = this.#exchange(healthCheck, deadlines.start);
      answered = true;
      if (status !== 0)
        throw new BpfilterError('driver', `${driver.name} pid ${pid}: health check answered ${status}, expected 0`);
      log.write(`Loaded ${driver.name} pid ${pid}`);
      this.#startFailure = undefined;
    } catch (error) {
      // Gone or cut off before it said anything: a wrong answer or none in time is the driver's own fault.
      this.#diedStarting = driver.running !== undefined && !answered && errnoOf(error) !== errno.ETIMEDOUT;
      this.#destroy();
      this.#startFailure = { until: now() + deadlines.startPause, error };
      log.write(`${driver.name} did not come up: ${describeError(error)}`);
      throw error;
    }
  }

  /** Kills the driver, waits for its end, forgets it and gives the blob back. The rules stay in force. */
  unload(): void {
    const { driver, log } = this.#options;
    const pid = driver.running?.pid;
    this.#destroy();
    if (driver.loaded) driver.unloadBlob();
    this.#startFailure = undefined;
    if (pid !== undefined) log.write(`Unloaded ${driver.name} pid ${pid}`);
  }

  /** Kills the driver and nothing else: what a drill does. The pid that was killed, undefined when none ran. */
  killDriver(): number | undefined {
    const { driver } = this.#options;
    const pid = driver.threadGroupExited() ? undefined : driver.running?.pid;
    driver.kill();
    return pid;
  }

  /**
   * Carries one request to the driver and brings its status back. When the driver dies, hangs or
   * answers short, its successor gets the request again, marked as a replay: the driver's journal
   * knows whether it took effect, so it does exactly once. One that dies while it starts has seen
   * nothing of the request; it counts as an attempt.
   *
   * @param memory passed along for requests that name memory
   * @returns 0, a positive result, or −errno
   * @throws 'driver' (EFAULT) or 'timeout' (ETIMEDOUT) when the successors fail too; the next request starts anew
   */
  request(request: MboxRequest, memory: PassedMemory | undefined): number {
    this.#requests += 1;
    let message = request;
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.load();
        if (memory !== undefined) this.#pass(memory);
        const sent = message;
        message = { ...request, cmd: asReplay(request.cmd) };
        return this.#exchange(sent, this.#options.deadlines.request(request.len));
      } catch (error) {
        const { driver, log, attempts } = this.#options;
        const served = driver.running !== undefined;
        if (served) {
          log.write(`${driver.name} pid ${driver.running?.pid}: ${describeError(error)}; killed`);
          this.#destroy();
        }
        // A successor may do what a hung driver didn't, but every hang costs this caller and all others its whole deadline.
        const most = errnoOf(error) === errno.ETIMEDOUT ? Math.min(attempts, attemptsWhenHung) : attempts;
        if (attempt < most && (served || this.#diedStarting)) {
          this.#startFailure = undefined;
          if (!served) sleepSync(attempt * startBackOffMs);
          continue;
        }
        this.#failures += 1;
        throw error;
      }
    }
  }

  #fork(): number {
    const { driver, log, env, interpreter } = this.#options;
    const [ours, theirs] = socketpairSeqpacket();
    try {
      const extra = log.verboseFd === undefined ? [theirs] : [theirs, log.verboseFd];
      const verbose = log.verboseFd === undefined ? {} : { BPFILTER_VERBOSE_FD: '5' };
      const running = driver.fork({ env: { ...env, ...verbose }, stderr: log.fd, extra, interpreter });
      this.#forks += 1;
      this.#memorySocket = ours;
      this.#poller = new Poller([running.pipeFromUmh, running.pidfd], [POLLIN, POLLIN]);
      return running.pid;
    } catch (error) {
      closeFd(ours);
      throw error;
    } finally {
      closeFd(theirs);
    }
  }

  #pass(memory: PassedMemory): void {
    if (this.#memorySocket === undefined) return;
    try {
      encodeMemoryNote(this.#note, memory);
      sendFd(this.#memorySocket, memory.descriptor, this.#note);
    } catch (cause) {
      throw new BpfilterError('driver', 'the driver takes no descriptor', { cause });
    }
  }

  #exchange(request: MboxRequest, deadlineMs: number): number {
    const running = this.#options.driver.running;
    if (running === undefined) throw new BpfilterError('driver', 'no driver runs');
    encodeRequest(this.#request, request);
    let written: number;
    try {
      written = fs.writeSync(running.pipeToUmh, this.#request, 0, mbox_request.size);
    } catch (cause) {
      throw new BpfilterError('driver', 'the driver has closed its request pipe', { cause });
    }
    if (written !== mbox_request.size) {
      throw new BpfilterError('driver', `${written} of ${mbox_request.size} request bytes written`);
    }
    this.#await(running, deadlineMs);
    const read = fs.readSync(running.pipeFromUmh, this.#reply, 0, mbox_reply.size, null);
    if (read !== mbox_reply.size) throw new BpfilterError('driver', `${read} of ${mbox_reply.size} reply bytes came`);
    return decodeReply(this.#reply);
  }

  /** Returns once the reply pipe can be read (data or its end). */
  #await(running: RunningDriver, deadlineMs: number): void {
    const { deadlines, now } = this.#options;
    const start = now();
    if (this.#spin(start)) return;
    let stoppedSince: number | undefined;
    for (;;) {
      const left = start + deadlineMs - now();
      if (left <= 0) throw new BpfilterError('timeout', `no answer from the driver within ${deadlineMs} ms`);
      const ready = this.#poller?.wait(Math.min(left, deadlines.stopped / 2)) ?? 0;
      if (ready > 0) {
        if ((this.#poller?.revents(0) ?? 0) !== 0) return;
        // The process is gone and left nothing in the pipe.
        throw new BpfilterError('driver', 'the driver died before it answered');
      }
      if (!isStopped(running.pid)) stoppedSince = undefined;
      else if (stoppedSince === undefined) stoppedSince = now();
      else if (now() - stoppedSince >= deadlines.stopped / 2) {
        throw new BpfilterError('driver', 'the driver is stopped');
      }
    }
  }

  /** Looks for the answer without sleeping, for a moment: most come sooner than an idle processor wakes up. */
  #spin(start: number): boolean {
    const { now } = this.#options;
    if (spinMs === 0) return false;
    while (now() - start < spinMs) {
      if ((this.#poller?.wait(0) ?? 0) > 0) return (this.#poller?.revents(0) ?? 0) !== 0;
    }
    return false;
  }

  #destroy(): void {
    this.#options.driver.kill();
    this.#forget();
  }

  /** Closes what belongs to the process that was; the original leaked it after a failed health check. */
  #forget(): void {
    this.#options.driver.cleanup();
    if (this.#memorySocket !== undefined) closeFd(this.#memorySocket);
    this.#memorySocket = undefined;
    this.#poller = undefined;
  }
}
