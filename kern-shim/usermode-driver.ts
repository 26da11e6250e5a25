import fs from 'node:fs';
import { loaderProgram } from '../protocol/driver-loader.ts';
import { errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { closeFd } from '../sys/descriptor.ts';
import { memfdCreate, sealMemfd } from '../sys/memfd.ts';
import { pidfdSendSignal } from '../sys/pidfd.ts';
import { pipe2 } from '../sys/pipe.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import type { HelperGate } from './helper-gate.ts';

/**
 * A user-mode driver: a program held in memory (the blob), run as a process whose fds 0 and 1 are
 * two true pipes, tracked by a reference that can't be reused. After kernel/usermode_driver.c
 * (Linux 5.9 to 6.7): umd_load_blob, fork_usermode_driver, thread_group_exited, umd_unload_blob.
 *
 * It knows nothing of what the driver does. "The caller is responsible for health check of the
 * user process, killing it, and closing the pipes": that is `kill` and `cleanup` here.
 */
export interface SpawnRequest {
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors that become 0, 1, 2, … of the process. */
  readonly stdio: readonly number[];
}

export interface SpawnedProcess {
  readonly pid: number;
  /** Refers to this process for ever, also after its pid is used again. */
  readonly pidfd: number;
}

/**
 * Starts a process. Returns once the order is given; the function that comes back waits until the process was
 * executed, and throws what exec failed with, each time it is called.
 */
export type Spawn = (request: SpawnRequest) => () => SpawnedProcess;

/**
 * What is waited for (enum in linux/umh.h): nothing once the order is given, the exec (with its error
 * otherwise), or the end of the process.
 */
export type WaitMode = 'UMH_NO_WAIT' | 'UMH_WAIT_EXEC' | 'UMH_WAIT_PROC';

/** How a blob is executed when it is no program by itself: e.g. node for a script. `{blob}` stands for its path. */
export interface Interpreter {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Runs a CommonJS program in one file, without `#!` (protocol/driver-loader.ts). Without flags of V8's: a driver that wants some
 * sets them itself, which leaves node's own modules as they were compiled.
 */
export const nodeInterpreter: Interpreter = { file: process.execPath, args: ['-e', loaderProgram, '{blob}'] };

export interface ForkOptions {
  readonly env: Readonly<Record<string, string>>;
  /** What the process gets as stderr. */
  readonly stderr: number;
  /** Further descriptors; they become 4, 5, … (3 is the blob). */
  readonly extra?: readonly number[];
  readonly interpreter?: Interpreter;
  /** Whether anybody still waits for the process; asked while the gate is closed. Always, unless given. */
  readonly isWanted?: () => boolean;
  /** UMH_WAIT_EXEC unless given, as fork_usermode_driver has it. */
  readonly wait?: WaitMode;
}

/** What every start of a process must pass, and how long it may wait there; milliseconds. */
export interface GatePass {
  readonly gate: HelperGate;
  readonly timeoutMs: number;
}

/** A process that was ordered. */
interface Order {
  readonly executed: () => SpawnedProcess;
  readonly ours: { readonly pipeToUmh: number; readonly pipeFromUmh: number };
  /** The process's ends of the pipes. */
  readonly theirs: readonly number[];
}

/** A running driver: struct umd_info's pipe_to_umh, pipe_from_umh, tgid. */
export interface RunningDriver extends SpawnedProcess {
  readonly pipeToUmh: number;
  readonly pipeFromUmh: number;
}

const sigkill = 9;
const blobDescriptor = 3;

export class UsermodeDriver {
  readonly name: string;
  readonly #spawn: Spawn;
  readonly #gate: GatePass | undefined;
  #blob: number | undefined;
  #order: Order | undefined;
  #running: RunningDriver | undefined;

  /**
   * @param name becomes argv[0] of the process and the name of the memfd
   * @param gate what every start must pass; none unless given
   */
  constructor(name: string, spawn: Spawn, gate?: GatePass) {
    this.name = name;
    this.#spawn = spawn;
    this.#gate = gate;
  }

  get loaded(): boolean {
    return this.#blob !== undefined;
  }

  /** The process; of an order that nobody has waited for yet, once it was executed. Throws what exec failed with. */
  get running(): RunningDriver | undefined {
    if (this.#order !== undefined) this.#settle(this.#order);
    return this.#running;
  }

  /**
   * Takes the program into a sealed memfd: nobody can change it any more, and it vanishes with its
   * last user.
   *
   * @throws EBUSY when a blob is loaded already, ENOMEM when it doesn't fit
   */
  loadBlob(blob: Uint8Array): void {
    if (this.#blob !== undefined) {
      throw new BpfilterError('busy', `${this.name}: a blob is loaded already`);
    }
    const fd = memfdCreate(this.name);
    try {
      let written = 0;
      while (written < blob.length) {
        const count = fs.writeSync(fd, blob, written, blob.length - written);
        if (count === 0) break;
        written += count;
      }
      if (written !== blob.length) {
        throw new BpfilterError('too-large', `${this.name}: ${written} of ${blob.length} bytes of the blob written`);
      }
      sealMemfd(fd);
    } catch (error) {
      closeFd(fd);
      throw error instanceof BpfilterError
        ? error
        : new BpfilterError('too-large', `${this.name}: the blob can't be written`, { cause: error });
    }
    this.#blob = fd;
  }

  /**
   * Forks the blob as a process and waits as `wait` says. After UMH_NO_WAIT `running` tells what became of it;
   * after UMH_WAIT_PROC the process has ended.
   *
   * @throws EBUSY when one runs already or the gate stays closed, 'caller-gone' when nobody waits for it to open any more,
   *   EINVAL when no blob is loaded, else what exec failed with (never with UMH_NO_WAIT)
   */
  fork(options: ForkOptions & { readonly wait?: 'UMH_WAIT_EXEC' | 'UMH_WAIT_PROC' }): RunningDriver;
  fork(options: ForkOptions): RunningDriver | undefined;
  fork(options: ForkOptions): RunningDriver | undefined {
    this.#gate?.gate.pass(this.#gate.timeoutMs, options.isWanted);
    try {
      this.#order = this.#give(options);
      if (options.wait === 'UMH_NO_WAIT') return undefined;
      const running = this.#settle(this.#order);
      if (options.wait === 'UMH_WAIT_PROC') poll([{ fd: running.pidfd, events: POLLIN }], -1);
      return running;
    } finally {
      this.#gate?.gate.leave();
    }
  }

  /** Orders the process. */
  #give(options: ForkOptions): Order {
    if (this.running !== undefined) {
      throw new BpfilterError('busy', `${this.name}: runs already, pid ${this.#running?.pid}`);
    }
    if (this.#blob === undefined) {
      throw new BpfilterError('malformed', `${this.name}: no blob is loaded`);
    }
    const path = `/proc/self/fd/${blobDescriptor}`;
    const interpreter = options.interpreter ?? { file: path, args: [] };
    const to = pipe2();
    const from = pipe2();
    const close = (ends: readonly number[]) => {
      for (const end of ends) closeFd(end);
    };
    try {
      const executed = this.#spawn({
        file: interpreter.file,
        argv0: this.name,
        args: interpreter.args.map((argument) => argument.replace('{blob}', path)),
        env: options.env,
        stdio: [to.read, from.write, options.stderr, this.#blob, ...(options.extra ?? [])],
      });
      return { executed, ours: { pipeToUmh: to.write, pipeFromUmh: from.read }, theirs: [to.read, from.write] };
    } catch (error) {
      close([to.write, from.read, to.read, from.write]);
      throw error;
    }
  }

  /** Waits for the exec of an order: the process has its descriptors then, and ours can go. */
  #settle({ executed, ours, theirs }: Order): RunningDriver {
    this.#order = undefined;
    try {
      this.#running = { ...executed(), ...ours };
      return this.#running;
    } catch (error) {
      for (const fd of [ours.pipeToUmh, ours.pipeFromUmh]) closeFd(fd);
      throw error;
    } finally {
      for (const fd of theirs) closeFd(fd);
    }
  }

  /** Whether all threads of the process are gone (thread_group_exited); true when none was forked. */
  threadGroupExited(): boolean {
    const running = this.#runningNow();
    if (running === undefined) return true;
    const [events] = poll([{ fd: running.pidfd, events: POLLIN }], 0);
    return (events ?? 0) !== 0;
  }

  /** Sends SIGKILL and waits for the exit, `timeoutMs` at most. Harmless when it is dead or was never forked. */
  kill(timeoutMs = 2000): void {
    const running = this.#runningNow();
    if (running === undefined) return;
    const { pidfd } = running;
    try {
      pidfdSendSignal(pidfd, sigkill);
    } catch (error) {
      if (!(error instanceof BpfilterError && error.errno === errno.ESRCH)) throw error;
    }
    poll([{ fd: pidfd, events: POLLIN }], timeoutMs);
  }

  /** `running`; an order that failed is none. */
  #runningNow(): RunningDriver | undefined {
    try {
      return this.running;
    } catch {
      return undefined;
    }
  }

  /** Closes the pipes and forgets the process (umd_cleanup_helper). The blob stays loaded. */
  cleanup(): void {
    const running = this.#runningNow();
    if (running === undefined) return;
    const { pidfd, pipeToUmh, pipeFromUmh } = running;
    this.#running = undefined;
    for (const fd of [pipeToUmh, pipeFromUmh, pidfd]) closeFd(fd);
  }

  /**
   * Gives the blob back.
   *
   * @throws EINVAL when none is loaded, EBUSY while a process runs from it
   */
  unloadBlob(): void {
    if (this.#blob === undefined) throw new BpfilterError('malformed', `${this.name}: no blob is loaded`);
    const running = this.#runningNow();
    if (running !== undefined) {
      throw new BpfilterError('busy', `${this.name}: pid ${running.pid} still runs`);
    }
    closeFd(this.#blob);
    this.#blob = undefined;
  }
}
