/** 2^32 over the golden ratio (Knuth, The Art of Computer Programming, volume 3, 6.4: multiplicative hashing). */
const MULTIPLIER = 0x9e3779b1;

/** The hash of what was hashed before and one word more; 32 bits. */
export function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, MULTIPLIER);
  return product ^ (product >>> 15);
}
