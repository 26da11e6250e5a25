import { counterSize, verdictOffset } from './layout.ts';
import { sameKeys, type TableParts } from './unchanged.ts';
import type { WalkedTable } from './walk.ts';
import { mixed } from './word-hash.ts';

/** One of the two tables. */
export type Which = 0 | 1;

/**
 * Numbers for the entries of two tables: the same for entries that have the same key (RuleKeys), and in the order in which
 * keys are met. No key is made for it.
 */
export class KeyNumbers {
  readonly #tables: readonly [TableParts, TableParts];
  readonly #sharesForms: boolean;
  readonly #same: readonly (readonly ReturnType<typeof sameKeys>[])[];
  /** Of each number, the hash and the first entry that has it. */
  readonly #hashes: Int32Array;
  readonly #from: Uint8Array;
  readonly #entries: Int32Array;
  /** Numbers and one, at the place that their hash says or behind it. */
  readonly #slots: Int32Array;
  #count = 0;

  /** @param most so many entries are asked for, each once */
  constructor(tables: readonly [TableParts, TableParts], most: number) {
    this.#tables = tables;
    this.#sharesForms = tables[0].walked.book === tables[1].walked.book;
    this.#same = tables.map((one) => tables.map((other) => sameKeys(one, other)));
    this.#hashes = new Int32Array(most);
    this.#from = new Uint8Array(most);
    this.#entries = new Int32Array(most);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most + 1)));
  }

  /** Entries with the same key have the same form, where the forms of both stand in one book. */
  #hash(walked: WalkedTable, index: number): number {
    const form = walked.forms[index];
    if (form === undefined || form.number < 0 || !this.#sharesForms) return hashOfWords(walked, index);
    const first = (walked.offsets[index] ?? 0) >>> 2;
    let hash = form.number;
    for (const { word } of form.addresses) hash = mixed(hash, walked.words[first + word] ?? 0);
    for (const word of form.ports) hash = mixed(hash, walked.words[first + word] ?? 0);
    return hash;
  }

  /** How many numbers there are. */
  get count(): number {
    return this.#count;
  }

  /** Of so many entries, in order. */
  ofRange(which: Which, first: number, count: number): readonly number[] {
    const numbers: number[] = [];
    for (let at = 0; at < count; at += 1) numbers.push(this.#of(which, first + at));
    return numbers;
  }

  #of(which: Which, index: number): number {
    const [slots, mask] = [this.#slots, this.#slots.length - 1];
    const hash = this.#hash(this.#tables[which].walked, index);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = (slots[slot] ?? 0) - 1;
      if (number < 0) {
        slots[slot] = this.#count + 1;
        this.#hashes[this.#count] = hash;
        this.#from[this.#count] = which;
        this.#entries[this.#count] = index;
        this.#count += 1;
        return this.#count - 1;
      }
      if (this.#hashes[number] !== hash) continue;
      const same = this.#same[which]?.[this.#from[number] ?? 0];
      if (same?.(index, this.#entries[number] ?? 0) === true) return number;
    }
  }
}

/** Of all of an entry that its key tells, but for where it jumps. */
function hashOfWords({ words, offsets, layout, verdicts, blob }: WalkedTable, index: number): number {
  const start = offsets[index] ?? 0;
  const first = start >>> 2;
  const end = (offsets[index + 1] ?? 4 * words.length) >>> 2;
  const verdict = (verdicts[index] ?? 0) > 0 ? first + ((blob.targetOffset(start) + verdictOffset) >>> 2) : -1;
  let hash = end - first;
  for (let at = first; at < first + (layout.nfcache >>> 2); at += 1) hash = mixed(hash, words[at] ?? 0);
  for (let at = first + ((layout.counters + counterSize) >>> 2); at < end; at += 1) {
    if (at !== verdict) hash = mixed(hash, words[at] ?? 0);
  }
  return hash;
}
