/**
 * The memory through which the spawner's thread answers a caller that sleeps in Atomics.wait:
 * words {state, pid, pidfd, errno, length of text}, then the text of an error.
 */
const words = { state: 0, pid: 1, pidfd: 2, errno: 3, textLength: 4 } as const;
const textOffset = 5 * 4;
const textSize = 1024;

const state = { waiting: 0, done: 1, failed: 2 } as const;

export type SpawnAnswer =
  | { readonly kind: 'spawned'; readonly pid: number; readonly pidfd: number }
  | { readonly kind: 'failed'; readonly errno: number; readonly message: string };

export class AnswerMemory {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #text: Uint8Array;

  constructor(shared = new SharedArrayBuffer(textOffset + textSize)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, textOffset / 4);
    this.#text = new Uint8Array(shared, textOffset);
  }

  /** Called by the asking thread before it asks. */
  reset(): void {
    Atomics.store(this.#words, words.state, state.waiting);
  }

  /** Sleeps until the answer is there; undefined after `timeoutMs`. */
  wait(timeoutMs: number): SpawnAnswer | undefined {
    if (Atomics.wait(this.#words, words.state, state.waiting, timeoutMs) === 'timed-out') return undefined;
    const word = (index: number): number => Atomics.load(this.#words, index);
    if (word(words.state) === state.done) {
      return { kind: 'spawned', pid: word(words.pid), pidfd: word(words.pidfd) };
    }
    const text = Buffer.from(this.#text.slice(0, word(words.textLength))).toString();
    return { kind: 'failed', errno: word(words.errno), message: text };
  }

  /** Called by the spawner's thread. */
  put(answer: SpawnAnswer): void {
    if (answer.kind === 'spawned') {
      Atomics.store(this.#words, words.pid, answer.pid);
      Atomics.store(this.#words, words.pidfd, answer.pidfd);
    } else {
      Atomics.store(this.#words, words.errno, answer.errno);
      const { written } = new TextEncoder().encodeInto(answer.message, this.#text);
      Atomics.store(this.#words, words.textLength, written);
    }
    Atomics.store(this.#words, words.state, answer.kind === 'spawned' ? state.done : state.failed);
    Atomics.notify(this.#words, words.state);
  }
}
