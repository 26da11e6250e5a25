import { collectGarbage } from '../../sys/collect-garbage.ts';

/** Memory after so many blobs, bytes; `heap` without what could be freed. */
export interface MemorySample {
  readonly blobs: number;
  readonly heap: number;
  readonly rss: number;
  /** Which of the processes, if a run was gone on with. */
  readonly process: number;
}

/** Fewer samples than this say nothing about growth: what a collection leaves varies by some megabytes. */
const fewest = 16;
/** More than this for each blob is a leak, once it has come to more than what varies. */
const mostPerBlob = 8;
const mostVariation = 2 ** 25;

export function sampleMemory(blobs: number): MemorySample {
  // What the first leaves to be swept or finalized, the next ones take.
  for (let times = 3; times > 0; times -= 1) collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { blobs, heap: heapUsed + external, rss, process: process.pid };
}

/**
 * Bytes of growth for each blob, by least squares over the second half of the last process's samples (the first half
 * fills the corpus and warms up); undefined of too few samples.
 */
export function growth(samples: readonly MemorySample[], what: 'heap' | 'rss'): number | undefined {
  const half = secondHalf(samples);
  if (half.length < fewest) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(half.map(({ blobs }) => blobs)), mean(half.map((sample) => sample[what]))];
  let [above, below] = [0, 0];
  for (const sample of half) {
    above += (sample.blobs - x) * (sample[what] - y);
    below += (sample.blobs - x) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function secondHalf(samples: readonly MemorySample[]): readonly MemorySample[] {
  const own = samples.filter((sample) => sample.process === samples.at(-1)?.process);
  return own.slice(Math.floor(own.length / 2));
}

/** The growth of the heap where it is a leak, bytes for each blob. */
export function leak(samples: readonly MemorySample[]): number | undefined {
  const perBlob = growth(samples, 'heap');
  const half = secondHalf(samples);
  const blobs = (half.at(-1)?.blobs ?? 0) - (half[0]?.blobs ?? 0);
  return perBlob !== undefined && perBlob > mostPerBlob && perBlob * blobs > mostVariation ? perBlob : undefined;
}
