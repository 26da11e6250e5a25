/** What a drill's processes, files and rules take at one moment, by name. */
export interface Usage {
  /** Strikes before it. */
  readonly rounds: number;
  readonly numbers: Readonly<Record<string, number>>;
}

/** How one of the numbers went. */
export interface Growth {
  readonly what: string;
  /** At the first and the last of the samples that count. */
  readonly first: number;
  readonly last: number;
  /** By the slope, from the first to the last of them. */
  readonly grown: number;
  /** More than this is a leak. */
  readonly most: number;
  /** At all samples, those of the warm-up too. */
  readonly values: readonly number[];
}

/** Of all samples: caches fill and heaps find their size meanwhile. */
const warmUpShare = 0.25;
const fewestSamples = 6;
/** Heaps breathe, and take thousands of rounds to find their size; what is counted one by one does neither. */
const mostKilobytes = 4096;
const mostKilobytesOfFewRounds = 16_384;
const fewRounds = 4_000;
const mostOfCounted = 0.5;

/** Numbers whose names end so are memory. */
export const kilobytes = 'kB';

/** Theil and Sen's slope: the median of the slopes between any two points. Single odd points don't move it. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points
    .flatMap(([x, y], at) => points.slice(at + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)))
    .toSorted((one, other) => one - other);
  const middle = slopes.length >> 1;
  const [low = 0, high = 0] = [slopes[slopes.length % 2 === 0 ? middle - 1 : middle], slopes[middle]];
  return (low + high) / 2;
}

/** How the numbers went once it was warm. Throws `RangeError` for too few samples to say anything. */
export function growthOf(samples: readonly Usage[]): readonly Growth[] {
  const warm = samples.slice(Math.ceil(samples.length * warmUpShare));
  const [first, last] = [warm[0], warm.at(-1)];
  if (first === undefined || last === undefined || warm.length < fewestSamples)
    throw new RangeError(`${samples.length} samples say nothing about growth`);
  const rounds = last.rounds - first.rounds;
  const memory = rounds < fewRounds ? mostKilobytesOfFewRounds : mostKilobytes;
  const names = [...new Set(warm.flatMap(({ numbers }) => Object.keys(numbers)))];
  return names.map((what) => {
    const points = warm.map(({ rounds, numbers }) => [rounds, numbers[what] ?? 0] as const);
    return {
      what,
      first: first.numbers[what] ?? 0,
      last: last.numbers[what] ?? 0,
      grown: slopeOf(points) * rounds,
      most: what.endsWith(kilobytes) ? memory : mostOfCounted,
      values: samples.map(({ numbers }) => numbers[what] ?? 0),
    };
  });
}

/** What has grown by more than it may, in words. */
export function leaksIn(growth: readonly Growth[]): readonly string[] {
  return growth
    .filter(({ grown, most }) => grown > most)
    .map(
      ({ what, first, last, grown, most }) =>
        `${what}: grows, from ${first} to ${last}, by the slope ${grown.toFixed(1)} (at most ${most})`,
    );
}
