import { BpfilterError } from '../protocol/error.ts';

/**
 * Words of the memory that threads share: how often it was closed and not opened again, how often it was passed, and how many
 * who passed are still starting something.
 */
const closed = 0;
const passes = 1;
const inside = 2;
const wordCount = 3;
/** Who closes it looks so often whether the last of these is done; milliseconds. */
const drainLookMs = 5;
/** Who waits is asked so often whether it still does; milliseconds. */
const lookMs = 50;

/**
 * Whether processes may be started: closed around suspend and resume, when nothing must be started that can't be
 * seen through (usermodehelper_disable and _enable, kernel/umh.c). Threads that share its memory share the gate.
 */
export class HelperGate {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(shared = new SharedArrayBuffer(wordCount * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, closed) > 0;
  }

  /** Whether anybody ever got through: there may be a process to wait for. */
  get wasPassed(): boolean {
    return Atomics.load(this.#words, passes) > 0;
  }

  /** Nobody starts anything from now on, but who has passed already; closed twice, it must be opened twice. */
  disable(): void {
    Atomics.add(this.#words, closed, 1);
  }

  /** Waits until nobody is starting anything any more; false after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<boolean> {
    for (const until = performance.now() + timeoutMs; Atomics.load(this.#words, inside) > 0; ) {
      if (performance.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
    return true;
  }

  /** What was to be started is, or has failed: once for each `pass`. */
  leave(): void {
    Atomics.sub(this.#words, inside, 1);
  }

  /** The thread that passed is gone, and will never leave. */
  abandon(): void {
    Atomics.store(this.#words, inside, 0);
  }

  /** Opens it for all who wait. Harmless when it is open. */
  enable(): void {
    for (;;) {
      const count = Atomics.load(this.#words, closed);
      if (count === 0) return;
      if (Atomics.compareExchange(this.#words, closed, count, count - 1) === count) break;
    }
    Atomics.notify(this.#words, closed);
  }

  /**
   * Waits until it is open (usermodehelper_read_lock_wait). Blocks the thread. Who gets through says `leave` afterwards.
   *
   * @param isWanted whether anybody still waits for what is to be started; asked only while it is closed
   * @throws 'busy' (EBUSY) when it is still closed after `timeoutMs`, 0 refuses at once; 'caller-gone' once nobody waits
   */
  pass(timeoutMs: number, isWanted: () => boolean = () => true): void {
    const until = performance.now() + timeoutMs;
    for (;;) {
      // First in and then a look: whoever closes it sees us, or we see that it is closed.
      Atomics.add(this.#words, inside, 1);
      const count = Atomics.load(this.#words, closed);
      if (count === 0) {
        Atomics.add(this.#words, passes, 1);
        return;
      }
      this.leave();
      const left = until - performance.now();
      if (left <= 0)
        throw new BpfilterError('busy', `no process may be started now (disabled, waited ${timeoutMs} ms)`);
      if (!isWanted()) throw new BpfilterError('caller-gone', 'nobody waits any more for a process to be started');
      Atomics.wait(this.#words, closed, count, Math.min(left, lookMs));
    }
  }
}
