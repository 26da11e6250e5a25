import type { BlobView } from '../../rules/blob/view.ts';
import { randomFrom } from '../harness/random.ts';
import { BlobInputs, structInput } from './inputs.ts';
import { mutate } from './mutate.ts';
import { examineBlob, examineStruct, Violation } from './oracle.ts';

/** What a run did. */
export interface Figures {
  readonly blobs: number;
  /** Of the blobs: mutations of valid ones, or of such mutations. */
  readonly ofValid: number;
  readonly accepted: number;
  readonly structs: number;
  /** Ways through the code, told apart by what came out. */
  readonly kinds: number;
  readonly slowestMs: number;
  readonly seconds: number;
}

/** An input that took a way through the code that none had taken before; of a blob with the table before it. */
export type Novelty =
  | { readonly kind: 'blob'; readonly bytes: Uint8Array; readonly previous: Uint8Array | undefined }
  | { readonly kind: 'struct'; readonly seed: number };

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Hears of the figures every so many seconds. */
  readonly every?: number;
  readonly progress?: (figures: Figures) => void;
  readonly novelty?: (input: Novelty) => void;
}

/** What must not be exceeded by any input: the largest has some 300 kB. Other work on the machine is allowed for. */
const mostMs = 4_000;
const mostMemory = 2 ** 31;
const perLook = 256;

/** The input that showed a violation. */
export interface Culprit {
  readonly what: string;
  readonly hex: string;
  readonly violation: Violation;
}

/** Throws `Violation` when an input takes too long, and does so again. */
function timed(work: () => unknown, first: number): void {
  let least = first;
  for (let again = 0; again < 3 && least > mostMs; again += 1) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  if (least > mostMs) throw new Violation(`took ${Math.round(least)} ms`);
}

/**
 * Feeds blobs and structs to the decoder, the validator, the extensions and the translation, for so many seconds.
 * The same seed gives the same inputs in the same order. Out: figures, or the first input that did what none may.
 */
export function fuzz({ seed, seconds, every = 10, progress, novelty }: FuzzOptions): Figures | Culprit {
  const random = randomFrom(seed);
  const inputs = new BlobInputs(random);
  const begin = performance.now();
  let [blobs, ofValid, accepted, structs, slowestMs] = [0, 0, 0, 0, 0];
  const structKinds = new Set<string>();
  let last: { readonly bytes: Uint8Array; readonly view: BlobView } | undefined;
  const figures = (): Figures => ({
    blobs,
    ofValid,
    accepted,
    structs,
    kinds: inputs.kinds + structKinds.size,
    slowestMs,
    seconds: (performance.now() - begin) / 1000,
  });
  const one = (work: () => void): void => {
    const start = performance.now();
    work();
    const took = performance.now() - start;
    slowestMs = Math.max(slowestMs, took);
    if (took > mostMs) timed(work, took);
  };
  const blob = (): Culprit | undefined => {
    // The next change of the table that was accepted last, as the driver sees it.
    const previous = random(4) === 0 ? last : undefined;
    const { origin, bytes } =
      previous === undefined ? inputs.next() : { origin: 'valid' as const, bytes: mutate(previous.bytes, random) };
    try {
      one(() => {
        const { kind, view } = examineBlob(bytes, { previous: previous?.view, deep: random(4) === 0 });
        if (inputs.note(bytes, kind)) novelty?.({ kind: 'blob', bytes, previous: previous?.bytes });
        if (view !== undefined) last = { bytes, view };
        if (view !== undefined) accepted += 1;
      });
    } catch (violation) {
      return culprit('blob', bytes, violation);
    }
    blobs += 1;
    if (origin === 'valid' || origin === 'found') ofValid += 1;
    return undefined;
  };
  const struct = (): Culprit | undefined => {
    const own = random(2 ** 31);
    const { known, data, context } = structInput(randomFrom(own));
    try {
      one(() => {
        const { kind } = examineStruct(known, data, context);
        if (structKinds.has(kind)) return;
        structKinds.add(kind);
        novelty?.({ kind: 'struct', seed: own });
      });
    } catch (violation) {
      return culprit(`struct of ${known.definition.name}`, data, violation);
    }
    structs += 1;
    return undefined;
  };

  const { stackTraceLimit } = Error;
  // Most inputs end in an error, and collecting its stack costs more than all the rest.
  Error.stackTraceLimit = 0;
  try {
    for (let told = 0; performance.now() - begin < seconds * 1000; ) {
      for (let left = perLook; left > 0; left -= 1) {
        const found = struct() ?? blob();
        if (found !== undefined) return found;
      }
      if (process.memoryUsage.rss() > mostMemory) throw new Violation(`${process.memoryUsage.rss()} bytes of memory`);
      const now = figures();
      if (progress === undefined || now.seconds - told < every) continue;
      progress(now);
      told = now.seconds;
    }
    return figures();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function culprit(what: string, bytes: Uint8Array, violation: unknown): Culprit {
  if (!(violation instanceof Violation)) throw violation;
  return { what, hex: Buffer.from(bytes).toString('hex'), violation };
}
