/**
 * The 16 words that a rule's expressions hand on data in. nft counts them by words from 0 on, and gives
 * most values four of them; the kernel's numbers (enum nft_registers) tell words 0, 4, 8, 12 as 1 to 4 and
 * the others from 8 on.
 */
export type Slot = number;

/** Words of a value that isn't a concatenation. */
export const WORDS_OF_VALUE = 4;

/** Words that a part of a concatenation takes. */
export function wordsOf(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** The kernel's number. */
export function registerOf(slot: Slot): number {
  return slot % 4 === 0 ? 1 + slot / 4 : 8 + slot;
}
