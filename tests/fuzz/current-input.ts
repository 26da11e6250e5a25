const room = 1 << 21;

/**
 * The input that is being tried, where another thread sees it: a thread that is caught in an endless loop can't be
 * asked.
 */
export class CurrentInput {
  readonly shared: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared = new SharedArrayBuffer(8 + room)) {
    this.shared = shared;
    this.#numbers = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, 8);
  }

  show(input: Uint8Array): void {
    const length = Math.min(input.length, room);
    this.#bytes.set(length === input.length ? input : input.subarray(0, length));
    this.#numbers[1] = length;
    Atomics.add(this.#numbers, 0, 1);
  }

  /** How many were shown. */
  get count(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get hex(): string {
    return Buffer.from(this.#bytes.subarray(0, this.#numbers[1])).toString('hex');
  }
}
