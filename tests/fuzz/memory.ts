import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Memory after so many blobs, bytes; `heap` without what could be freed. */
export interface MemorySample {
  readonly blobs: number;
  readonly heap: number;
  readonly rss: number;
  /** Which of the processes, if a run was gone on with. */
  readonly process: number;
}

/** Fewer samples than this say nothing about growth. */
const fewest = 8;
/** More than this for each blob is a leak: 10 million would leave 80 MB. */
export const mostPerBlob = 8;

let collect: (() => void) | undefined;

export function sampleMemory(blobs: number): MemorySample {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { blobs, heap: heapUsed + external, rss, process: process.pid };
}

/**
 * Bytes of growth for each blob, by least squares over the second half of the last process's samples (the first half
 * fills the corpus and warms up); undefined of too few samples.
 */
export function growth(samples: readonly MemorySample[], what: 'heap' | 'rss'): number | undefined {
  const own = samples.filter((sample) => sample.process === samples.at(-1)?.process);
  const half = own.slice(Math.floor(own.length / 2));
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
