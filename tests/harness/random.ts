/** A whole number from 0 up to, and without, `bound`. */
export type Random = (bound: number) => number;

/** The same numbers for the same seed (mulberry32: 32 bits of state, good enough to choose rules). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** One of some values. */
export function pick<Value>(random: Random, [first, ...rest]: readonly [Value, ...Value[]]): Value {
  return [first, ...rest][random(rest.length + 1)] ?? first;
}
