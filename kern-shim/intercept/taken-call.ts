import { NOTIF_SIZE } from '../../sys/seccomp-notify.ts';
import type { Outcome } from '../sockopt.ts';

/** Words in front of the notification. */
const words = { state: 0, deaths: 1, kind: 2, value: 3 } as const;
const wordCount = 4;
const states = { none: 0, taken: 1, decided: 2 } as const;

const kinds: readonly Outcome['kind'][] = ['value', 'errno', 'proceed', 'gone'];

/** What a serving thread has left undone. */
export interface LeftCall {
  /** Serving threads that it has outlived; 1 is the first. */
  readonly deaths: number;
  /** What its answer is to be, where that was known already: it is not to be served again then. */
  readonly outcome: Outcome | undefined;
}

/**
 * The call that the serving thread has received and not yet answered, in memory that its successor has, too: the kernel
 * tells of a call once, so nobody else would ever answer it should the thread fail.
 */
export class TakenCall {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #notification: Uint8Array;

  constructor(shared = new SharedArrayBuffer(wordCount * Int32Array.BYTES_PER_ELEMENT + NOTIF_SIZE)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, wordCount);
    this.#notification = new Uint8Array(shared, wordCount * Int32Array.BYTES_PER_ELEMENT);
  }

  /** A call was received. */
  take(notification: Uint8Array): void {
    this.#notification.set(notification);
    this.#set(words.deaths, 0);
    this.#set(words.state, states.taken);
  }

  /** What its answer is to be. */
  decide(outcome: Outcome): void {
    this.#set(words.kind, kinds.indexOf(outcome.kind));
    this.#set(words.value, 'errno' in outcome ? outcome.errno : 'value' in outcome ? outcome.value : 0);
    this.#set(words.state, states.decided);
  }

  /** It was answered. */
  done(): void {
    this.#set(words.state, states.none);
  }

  /** The call that the thread before this one has left, as it was received; undefined when it left none. */
  left(notification: Uint8Array): LeftCall | undefined {
    const state = this.#get(words.state);
    if (state === states.none) return undefined;
    notification.set(this.#notification);
    const deaths = this.#get(words.deaths) + 1;
    this.#set(words.deaths, deaths);
    return { deaths, outcome: state === states.decided ? this.#outcome() : undefined };
  }

  #outcome(): Outcome {
    const kind = kinds[this.#get(words.kind)] ?? 'gone';
    const value = this.#get(words.value);
    switch (kind) {
      case 'value':
        return { kind, value };
      case 'errno':
        return { kind, errno: value };
      case 'proceed':
      case 'gone':
        return { kind };
      default:
        return kind satisfies never;
    }
  }

  #get(word: number): number {
    return Atomics.load(this.#words, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }
}
