import { recordOffsets } from './record.ts';

/**
 * A lookup's table, in the value behind the records: slots of 8 bytes, u32 where the rule's record lies (0: free), u32 the
 * hash of its key. A key lies at the slot that its hash says or, where that is taken, at the next one that is free
 * (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm L); at least half of them stay free. Its bytes are
 * nowhere: the record is compared.
 */
export const SLOT_SIZE = 8;
export const slotOffsets = { record: 0, hash: 4 } as const;

/** A hash is 32 bits; by each word of the key: xor, multiply, xor with its upper half. The machine does the same. */
export const hashing = {
  multiplier: 0x9e3779b1 | 0,
  shift: 16,
  lastMultiplier: 0x85ebca6b | 0,
  lastShift: 15,
} as const;

/** How many slots a table of so many keys has; a power of two. */
export function slotsFor(keys: number): number {
  return 2 ** Math.ceil(Math.log2(2 * keys));
}

/** Of a packet's addresses, then its traits, as two words each, low first. */
export function hashOf(addresses: number, addressesHigh: number, traits: number, traitsHigh: number): number {
  let hash = mixed(0, addresses);
  hash = mixed(hash, addressesHigh);
  hash = mixed(hash, traits);
  hash = mixed(hash, traitsHigh);
  hash = Math.imul(hash, hashing.lastMultiplier);
  return (hash ^ (hash >>> hashing.lastShift)) >>> 0;
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, hashing.multiplier);
  return product ^ (product >>> hashing.shift);
}

const record = { addresses: recordOffsets.addresses / 4, traits: recordOffsets.traits / 4 } as const;
const SLOT_WORDS = SLOT_SIZE / 4;

/** Writes a table. */
export class LookupTable {
  readonly #words: Uint32Array;
  /** Where it lies in the value. */
  readonly place: number;
  /** Its slots, less one. */
  readonly mask: number;

  /** @param words the whole value, in which it is to stand at `place`; all of it 0 there */
  constructor(words: Uint32Array, place: number, slots: number) {
    this.#words = words;
    this.place = place;
    this.mask = slots - 1;
  }

  /**
   * Enters a record that was written, whose compare holds for equal packets only. Whether it went in: not where there is one
   * of the same key already, which is the one that packets meet first.
   */
  add(at: number): boolean {
    const words = this.#words;
    const [from, table] = [at / 4, this.place / 4];
    const [addresses = 0, addressesHigh = 0] = [words[from + record.addresses], words[from + record.addresses + 1]];
    const [traits = 0, traitsHigh = 0] = [words[from + record.traits], words[from + record.traits + 1]];
    const hash = hashOf(addresses, addressesHigh, traits, traitsHigh);
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const place = table + slot * SLOT_WORDS;
      const other = (words[place] ?? 0) / 4;
      if (other === 0) {
        words[place] = at;
        words[place + 1] = hash;
        return true;
      }
      if (
        words[place + 1] === hash &&
        words[other + record.addresses] === addresses &&
        words[other + record.addresses + 1] === addressesHigh &&
        words[other + record.traits] === traits &&
        words[other + record.traits + 1] === traitsHigh
      )
        return false;
    }
  }
}
