import fs from 'node:fs';
import os from 'node:os';
import { BpfilterError } from '../protocol/error.ts';
import { decodeReply, encodeRequest, type MboxRequest, mbox_reply, mbox_request } from '../protocol/mbox.ts';
import { encodeMemoryNote, type MemoryAccess, memoryNoteSize } from '../protocol/memory-note.ts';
import { closeFd, setNonblock } from '../sys/descriptor.ts';
import { sendFd, socketpairSeqpacket } from '../sys/fd-passing.ts';
import type { ProcessEnd } from '../sys/pidfd.ts';
import { POLLIN, Poller, poll } from '../sys/poll.ts';
import { type Deadlines, isStopped } from './deadline.ts';
import type { Log } from './log.ts';
import { closedDesk, type MapDesk, type MapDesks } from './map-desk.ts';
import { comingEnd, endOfDriver, LifeSign, signalGroup } from './process-end.ts';
import type { Interpreter, RunningDriver, UsermodeDriver } from './usermode-driver.ts';

export interface DriverProcessOptions {
  readonly driver: UsermodeDriver;
  readonly interpreter: Interpreter;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** Where it asks for BPF maps; nowhere unless given. Those of all drivers are served while one is waited for. */
  readonly desks?: MapDesks;
  /** Whether anybody still waits for it; asked while none may be started. Always, unless given. */
  readonly isWanted?: () => boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** The memory that a request names: the caller's open /proc/PID/mem, and what the caller may do with the range. */
export interface PassedMemory extends MemoryAccess {
  readonly descriptor: number;
}

/**
 * Why a driver is of no use any more: its pipes are closed or it is gone, it gave no answer in time, it is
 * stopped (SIGSTOP, a debugger), or its answer is none.
 */
export type DriverFailure = 'gone' | 'hung' | 'stopped' | 'nonsense';

/** How an answer is waited for. */
export interface Waiting {
  /** Whether there is a processor to spare for looking for it without sleeping. */
  readonly mayLook?: boolean;
  /** Called now and then while it doesn't come. */
  readonly whenLong?: () => void;
}

/** The first request a driver must answer with 0 before anything is served. */
const healthCheck: MboxRequest = { addr: 0n, len: 0, is_set: 0, cmd: 0, pid: 0 };

/** MAX_ERRNO in include/linux/err.h: what lies below its negative is no errno. */
const mostErrno = 4095;

const healthCheckName = 'health check';

/** A request without a waiting caller: what it is called, and when it was written. */
interface Posted {
  readonly name: string;
  readonly at: number;
}

/** On a single processor the driver couldn't run meanwhile. */
const spinMs = os.availableParallelism() > 1 ? 0.1 : 0;

/** How long a process that was killed is waited for. */
const killMs = 2_000;

/** Forks a driver that gets the caller's memory by `memorySocket` (its 4), and a desk of its own (5). */
function fork(options: DriverProcessOptions, memorySocket: number): [RunningDriver, MapDesk] {
  const { driver, log, env, interpreter, desks, isWanted } = options;
  const desk = desks?.open() ?? closedDesk();
  try {
    const extra = [memorySocket, desk.theirs, ...(log.verboseFd === undefined ? [] : [log.verboseFd])];
    const verbose = log.verboseFd === undefined ? {} : { BPFILTER_VERBOSE_FD: '6' };
    const wanted = isWanted === undefined ? {} : { isWanted };
    return [driver.fork({ env: { ...env, ...verbose }, stderr: log.fd, extra, interpreter, ...wanted }), desk];
  } catch (error) {
    desk.close();
    throw error;
  } finally {
    closeFd(desk.theirs);
  }
}

/**
 * One process of a driver and the ways to talk to it: 24 bytes there, 4 back, a socket for the caller's
 * memory, and one on which it asks for BPF maps. Every wait has a deadline. What it is started with stays with its `UsermodeDriver`, which can start
 * another process after this one.
 */
export class DriverProcess {
  readonly #options: DriverProcessOptions;
  readonly #running: RunningDriver;
  readonly #memorySocket: number;
  readonly #desk: MapDesk;
  readonly #life: LifeSign;
  readonly #poller: Poller;
  readonly #request = new DataView(new ArrayBuffer(mbox_request.size));
  /** One byte more than an answer has: a driver that says more than it was asked shows at once. */
  readonly #reply = new DataView(new ArrayBuffer(mbox_reply.size + 1));
  readonly #note = Buffer.alloc(memoryNoteSize);
  /** Requests that were written and whose answers nobody has read yet. */
  readonly #unread: Posted[] = [];
  #failure: DriverFailure | undefined;

  /** Forks the driver and asks for its health, without waiting for the answer. Throws what the fork throws. */
  constructor(options: DriverProcessOptions) {
    this.#options = options;
    const [ours, theirs] = socketpairSeqpacket();
    // One that never takes what is passed must not keep us waiting for room.
    setNonblock(ours, true);
    try {
      [this.#running, this.#desk] = fork(options, theirs);
    } catch (error) {
      closeFd(ours);
      throw error;
    } finally {
      closeFd(theirs);
    }
    this.#memorySocket = ours;
    const { pid, pipeFromUmh, pidfd } = this.#running;
    this.#life = new LifeSign(pid);
    this.#poller = new Poller([pipeFromUmh, pidfd, options.desks?.fd ?? -1], [POLLIN, POLLIN, POLLIN]);
    this.post(healthCheck, healthCheckName);
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** Why it is of no use any more; undefined while it is. */
  get failure(): DriverFailure | undefined {
    return this.#failure;
  }

  get hasExited(): boolean {
    return this.#options.driver.threadGroupExited();
  }

  /** Whether it has exited or is about to; soon after a signal that kills it. */
  get isEnding(): boolean {
    return this.#life.isEnding ?? (this.hasExited || comingEnd(this.pid) !== undefined);
  }

  /** Milliseconds since the first of those requests was posted that it hasn't answered; 0 when it has answered all. */
  get owesFor(): number {
    const [oldest] = this.#unread;
    return oldest === undefined ? 0 : this.#options.now() - oldest.at;
  }

  /** Waits until it has exited, `timeoutMs` at most: a dying process closes its pipes first. */
  awaitExit(timeoutMs: number): boolean {
    const [events] = poll([{ fd: this.#running.pidfd, events: POLLIN }], timeoutMs);
    return events !== 0;
  }

  /** How it ended, or is about to end; undefined while it lives, or when nobody can tell. */
  get end(): ProcessEnd | undefined {
    const { pid, pidfd } = this.#running;
    return this.hasExited ? endOfDriver(pid, pidfd) : comingEnd(pid);
  }

  /**
   * Returns once all that was posted has been answered, the health check with 0; each within the deadline for a start.
   *
   * @throws 'driver' (EFAULT) for another answer to that or a death, 'timeout' (ETIMEDOUT)
   */
  awaitPosted(): void {
    const { deadlines, now } = this.#options;
    for (let [next] = this.#unread; next !== undefined; [next] = this.#unread) {
      this.#await(Math.max(1, next.at + deadlines.start - now()));
      this.#takePosted();
    }
  }

  /** Sends a request whose answer is read by `awaitPosted`. Never throws: a broken pipe shows there. */
  post(request: MboxRequest, name: string, memory?: PassedMemory): void {
    this.#unread.push({ name, at: this.#options.now() });
    try {
      if (memory !== undefined) this.pass(memory, 0n);
      this.#write(request);
    } catch {
      // its death is noticed by whoever waits for the answer
    }
  }

  /** Hands over the caller's memory for the request that follows, and tells which one that is. @throws 'driver' */
  pass({ descriptor, readable, writable }: PassedMemory, sequence: bigint): void {
    try {
      encodeMemoryNote(this.#note, { readable, writable, sequence });
      sendFd(this.#memorySocket, descriptor, this.#note);
    } catch (cause) {
      throw this.#failed('gone', 'the driver takes no descriptor', cause);
    }
  }

  /**
   * Sends a request and returns its status.
   *
   * @throws 'driver' or 'timeout'
   */
  exchange(request: MboxRequest, deadlineMs: number, waiting: Waiting = {}): number {
    if (this.#unread.length === 0 && this.#hasSpoken())
      throw this.#failed('nonsense', 'the driver answers what nobody has asked');
    this.#write(request);
    this.#await(deadlineMs, waiting);
    return this.#readReply();
  }

  /** Kills the process if it lives, waits for its end, and gives back all that belongs to it. */
  destroy(): void {
    this.#destroy(killMs);
  }

  /** As `destroy`, and the heir of its memory goes with it, instead of 30 ms later. */
  destroyWithHeir(): void {
    if (!this.hasExited) signalGroup(this.pid, 'SIGKILL');
    this.destroy();
  }

  /** As `destroy`, but one that is on its way out isn't waited for: its successor needn't. */
  dismiss(): void {
    this.#destroy(this.end === undefined ? killMs : 0);
  }

  #destroy(waitMs: number): void {
    this.#options.driver.kill(waitMs);
    // Its heir may have been stopped as it was, and would stay.
    signalGroup(this.pid, 'SIGCONT');
    this.#options.driver.cleanup();
    closeFd(this.#memorySocket);
    this.#desk.close();
    this.#life.close();
  }

  #failed(failure: DriverFailure, message: string, cause?: unknown): BpfilterError {
    this.#failure = failure;
    return new BpfilterError('driver', message, { cause });
  }

  /** Reads what answers to posted requests are there already; whether all are. @throws as `awaitPosted` */
  takePosted(): boolean {
    while (this.#unread.length > 0 && this.#poller.wait(0) > 0) {
      if (!this.#hasAnswered()) break;
      this.#takePosted();
    }
    return this.#unread.length === 0;
  }

  #takePosted(): void {
    const name = this.#unread.shift()?.name;
    const status = this.#readReply();
    if (status !== 0 && name === healthCheckName)
      throw this.#failed('nonsense', `${name} answered ${status}, expected 0`);
  }

  #write(request: MboxRequest): void {
    encodeRequest(this.#request, request);
    let written: number;
    try {
      written = fs.writeSync(this.#running.pipeToUmh, this.#request, 0, mbox_request.size);
    } catch (cause) {
      throw this.#failed('gone', 'the driver has closed its request pipe', cause);
    }
    if (written !== mbox_request.size) {
      throw this.#failed('gone', `${written} of ${mbox_request.size} request bytes written`);
    }
  }

  #readReply(): number {
    // What came beyond the last answer that is due would be taken for the answer to the next request.
    const room = this.#unread.length === 0 ? this.#reply.byteLength : mbox_reply.size;
    const read = fs.readSync(this.#running.pipeFromUmh, this.#reply, 0, room, null);
    if (read !== mbox_reply.size)
      throw this.#failed(
        read === 0 ? 'gone' : 'nonsense',
        read > mbox_reply.size ? 'more than one answer came' : `${read} of ${mbox_reply.size} reply bytes came`,
      );
    const status = decodeReply(this.#reply);
    if (status < -mostErrno) throw this.#failed('nonsense', `${status} is no status`);
    return status;
  }

  /** Returns once the reply pipe can be read (data or its end). */
  #await(deadlineMs: number, { mayLook = true, whenLong }: Waiting = {}): void {
    const { deadlines, now } = this.#options;
    const start = now();
    if (mayLook && this.#spin(start)) return;
    // It may have been killed while nobody asked: then there is no need to wait until the kernel has taken it down.
    if (this.isEnding) {
      if (this.#poller.wait(0) > 0 && this.#hasAnswered()) return;
      throw this.#failed('gone', 'the driver ends');
    }
    const lookMs = deadlines.stopped / 2;
    let lookAt = start + lookMs;
    let wasStopped = false;
    for (;;) {
      const time = now();
      const left = start + deadlineMs - time;
      if (left <= 0) {
        this.#failure = 'hung';
        throw new BpfilterError('timeout', `no answer from the driver within ${deadlineMs} ms`);
      }
      const ready = this.#poller.wait(Math.max(0, Math.min(left, lookAt - time)));
      if (ready > 0 && this.#hasAnswered()) return;
      const looked = now();
      if (looked < lookAt) continue;
      lookAt = looked + lookMs;
      const isStill = isStopped(this.#running.pid);
      if (isStill && wasStopped) throw this.#failed('stopped', 'the driver is stopped');
      wasStopped = isStill;
      whenLong?.();
    }
  }

  /** What a wait that saw something has seen: the answer, or its end; else drivers that ask for maps, one turn of them. */
  #hasAnswered(): boolean {
    if (this.#poller.revents(0) !== 0) return true;
    // The process is gone and left nothing in the pipe.
    if (this.#poller.revents(1) !== 0) throw this.#failed('gone', 'the driver died before it answered');
    this.#options.desks?.serve();
    return false;
  }

  /** Whether something can be read from it now. */
  #hasSpoken(): boolean {
    return this.#poller.wait(0) > 0 && (this.#poller.revents(0) & POLLIN) !== 0;
  }

  /** Looks for the answer without sleeping, for a moment: most come sooner than an idle processor wakes up. */
  #spin(start: number): boolean {
    const { now } = this.#options;
    if (spinMs === 0) return false;
    while (now() - start < spinMs) {
      if (this.#poller.wait(0) > 0) return this.#poller.revents(0) !== 0;
    }
    return false;
  }
}
