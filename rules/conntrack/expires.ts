import { cannotExpress } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';

/** Whole seconds that nft's 32 bits of milliseconds hold with all of their fraction. */
const LONGEST_IN_NFT = 4_294_966;
/** No entry has more seconds left: the kernel keeps them in 31 bits of jiffies, at 100 Hz or more. */
const LONGEST = Math.floor(2 ** 31 / 100);

/**
 * The seconds an entry has left, rounded down, are within [min, max]: a test of the entry, or what
 * it always is. Throws `not-expressible` for a bound that an entry could reach but nft can't count to.
 */
export function expiresTest(min: number, max: number, inverted: boolean): NftStatement | boolean {
  if (min > max || min > LONGEST) return inverted;
  for (const bound of [min, max]) {
    if (bound > LONGEST_IN_NFT && bound <= LONGEST) {
      cannotExpress(
        `--ctexpire ${min}:${max}: nft counts the time left in 32 bits of milliseconds, ${bound} s is too long`,
      );
    }
  }
  const left = { ct: { key: 'expiration' } };
  const from = `${min}s`;
  const to = `${max}s999ms`;
  if (max > LONGEST) return min === 0 ? !inverted : { match: { op: inverted ? '<' : '>=', left, right: from } };
  if (min === 0) return { match: { op: inverted ? '>' : '<=', left, right: to } };
  return { match: { op: inverted ? '!=' : '==', left, right: { range: [from, to] } } };
}
