/** A stretch of neighbouring things, `last` included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

export interface RunOptions {
  /** A shorter run isn't worth a lookup. */
  readonly shortest: number;
  /** Each shape is a lookup of its own. */
  readonly mostShapes: number;
  /** On average so many of a run have the same shape, at least. */
  readonly perShape: number;
}

/**
 * Finds runs of rules of a few shapes, in order and apart from each other: those that one lookup for each shape can
 * stand for.
 *
 * @param shapes of each rule in order, equal numbers for equal shapes; −1 for one that can't be in a run
 */
export function findRuns(shapes: ArrayLike<number>, { shortest, mostShapes, perShape }: RunOptions): readonly Run[] {
  const runs: Run[] = [];
  const seen = new Set<number>();
  let first = 0;
  const close = (end: number) => {
    const length = end - first;
    if (length >= shortest && seen.size * perShape <= length) runs.push({ first, last: end - 1 });
    seen.clear();
  };
  for (let at = 0; at < shapes.length; at += 1) {
    const shape = shapes[at] ?? -1;
    if (shape >= 0 && (seen.has(shape) || seen.size < mostShapes)) {
      seen.add(shape);
      continue;
    }
    close(at);
    first = shape < 0 ? at + 1 : at;
    if (shape >= 0) seen.add(shape);
  }
  close(shapes.length);
  return runs;
}
