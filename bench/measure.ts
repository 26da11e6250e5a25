/** One sample of a measurement: milliseconds (or microseconds where named so) and what was measured. */
export interface Sample {
  readonly name: string;
  readonly value: number;
}

/** The middle value; of an even number of values the upper middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Milliseconds that `work` takes, the median of `rounds`. */
export function timed(rounds: number, work: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return median(times);
}
