/**
 * Pairs equal elements of two sequences so that the pairs keep their order: for each element of `next`
 * the index of its partner in `old`, or -1. Common ends first; between them a longest increasing run
 * over equal elements, the k-th of a kind with the k-th (Hunt–Szymanski with patience sorting),
 * O(n log n). The result is a longest common subsequence where elements don't repeat.
 */
export function keptPairs<T extends string | number>(old: readonly T[], next: readonly T[]): Int32Array {
  const pairs = new Int32Array(next.length).fill(-1);
  const shorter = Math.min(old.length, next.length);
  let head = 0;
  while (head < shorter && old[head] === next[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail += 1;
  for (let at = 0; at < head; at += 1) pairs[at] = at;
  for (let at = 1; at <= tail; at += 1) pairs[next.length - at] = old.length - at;
  const candidates = partners(old.slice(head, old.length - tail), next.slice(head, next.length - tail));
  for (const at of longestIncreasing(candidates)) pairs[head + at] = head + (candidates[at] ?? 0);
  return pairs;
}

/** For each element of `next` the old index of the same element of the same count, or -1. */
function partners<T extends string | number>(old: readonly T[], next: readonly T[]): Int32Array {
  const places = new Map<T, number[]>();
  if (next.length > 0) {
    for (const [index, element] of old.entries()) {
      const known = places.get(element);
      if (known === undefined) places.set(element, [index]);
      else known.push(index);
    }
  }
  const taken = new Map<T, number>();
  return Int32Array.from(next, (element) => {
    const count = taken.get(element) ?? 0;
    taken.set(element, count + 1);
    return places.get(element)?.[count] ?? -1;
  });
}

/** Positions of a longest increasing run of the values that aren't -1. */
function longestIncreasing(values: Int32Array): readonly number[] {
  const previous = new Int32Array(values.length).fill(-1);
  const piles: number[] = []; // position of the smallest value that ends a run of each length
  for (const [at, value] of values.entries()) {
    if (value < 0) continue;
    const pile = firstNotBelow(piles, values, value);
    previous[at] = pile === 0 ? -1 : (piles[pile - 1] ?? -1);
    piles[pile] = at;
  }
  const run: number[] = [];
  for (let at = piles.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) run.push(at);
  return run.reverse();
}

function firstNotBelow(piles: readonly number[], values: Int32Array, value: number): number {
  let low = 0;
  let high = piles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[piles[middle] ?? 0] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
