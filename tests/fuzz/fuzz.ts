import { type Random, randomFrom } from '../harness/random.ts';
import { count } from './figures.ts';
import { mutated, structInput } from './inputs.ts';
import { leak, sampleMemory } from './memory.ts';
import { type Accepted, examineBlob, examineStruct, Violation } from './oracle.ts';
import type { Session } from './session.ts';

export interface FuzzOptions {
  /** When to stop: at whichever comes first. */
  readonly seconds?: number;
  /** Blobs of the whole session, the earlier rounds' among them. */
  readonly blobs?: number;
  /** Blobs of a round, 50,000 unless said otherwise. */
  readonly roundBlobs?: number;
  /** Called at the end of each round: the moment to save the session. */
  readonly roundOver?: (session: Session) => void;
  /** Hears of the figures every so many seconds. */
  readonly every?: number;
  readonly progress?: (session: Session) => void;
  /** Is shown each input before it is tried, so that somebody else can tell which one never ended. */
  readonly show?: (input: Uint8Array) => void;
}

/** What must not be exceeded by any input: the largest have a megabyte. Other work on the machine is allowed for. */
const mostMs = 2_000;
const mostMemory = 2 ** 31;
const perLook = 256;
/** One struct to so many blobs, one accepted blob of so many translated and listed. */
const blobsPerStruct = 16;
const acceptedPerDeep = 48;

/** The input that showed a violation. */
export interface Culprit {
  readonly what: string;
  readonly hex: string;
  readonly violation: Violation;
}

/**
 * Feeds blobs and structs to the decoder, the validator, the extensions and the translation. The same seed gives the
 * same inputs in the same order. Out: the first input that did what none may, or undefined; figures are in the session.
 */
export function fuzz(session: Session, options: FuzzOptions): Culprit | undefined {
  const { figures } = session;
  const { seconds = Number.POSITIVE_INFINITY, blobs = Number.POSITIVE_INFINITY } = options;
  const { roundBlobs = 50_000, every = 10, progress, roundOver } = options;
  const [begin, before] = [performance.now(), figures.seconds];
  const [cpuBegin, cpuBefore] = [cpuSeconds(), figures.cpuSeconds];
  let told = before;
  /** Whether to go on. */
  const look = (): boolean => {
    figures.seconds = before + (performance.now() - begin) / 1000;
    figures.cpuSeconds = cpuBefore + cpuSeconds() - cpuBegin;
    const rss = process.memoryUsage.rss();
    if (rss > mostMemory) throw new Violation(`${rss} bytes of memory`);
    if (progress !== undefined && figures.seconds - told >= every) {
      progress(session);
      told = figures.seconds;
    }
    return figures.seconds - before < seconds && figures.blobs.all < blobs;
  };

  const { stackTraceLimit } = Error;
  // Most inputs end in an error, and collecting its stack costs more than all the rest.
  Error.stackTraceLimit = 0;
  try {
    while (figures.seconds - before < seconds && figures.blobs.all < blobs) {
      const found = new Round(session, options.show).run(Math.min(roundBlobs, blobs - figures.blobs.all), look);
      if (found !== undefined) return found;
      session.rounds += 1;
      session.memory.push(sampleMemory(figures.blobs.all));
      const perBlob = leak(session.memory);
      if (perBlob !== undefined) throw new Violation(`the heap grows by ${perBlob} bytes for each blob`);
      roundOver?.(session);
    }
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Of all threads: under other work the only measure of speed. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Some inputs, which hang on the seed, the round's number and what the rounds before have found. */
class Round {
  readonly #session: Session;
  readonly #show: (input: Uint8Array) => void;
  readonly #random: Random;
  /** The table that was accepted last: the next change of it, as the driver sees it, is tried now and then. */
  #last: (Accepted & { readonly bytes: Uint8Array }) | undefined;

  constructor(session: Session, show: FuzzOptions['show']) {
    this.#session = session;
    this.#show = show ?? (() => undefined);
    this.#random = randomFrom(Math.imul(session.seed ^ 0x5bd1e995, 0x9e3779b1) + Math.imul(session.rounds, 0x85ebca6b));
  }

  run(blobs: number, look: () => boolean): Culprit | undefined {
    this.#session.inputs.beginRound();
    for (let done = 0; done < blobs; done += 1) {
      if (done % perLook === 0 && !look()) return undefined;
      const found = this.#blob() ?? (done % blobsPerStruct === 0 ? this.#struct() : undefined);
      if (found !== undefined) return found;
    }
    look();
    return undefined;
  }

  #blob(): Culprit | undefined {
    const random = this.#random;
    const { figures, inputs, recorded } = this.#session;
    const previous = random(4) === 0 ? this.#last : undefined;
    const isNext = previous !== undefined && random(4) !== 0;
    const input = isNext ? mutated('accepted', previous.bytes, random) : inputs.next(random);
    // A caller's bytes may lie anywhere.
    const bytes = random(16) === 0 ? shifted(input.bytes) : input.bytes;
    const claimed = random(32) === 0 ? lengths[random(lengths.length)] : undefined;
    const options = { previous, deep: random(acceptedPerDeep) === 0, claimed };
    let errno = 0;
    const violation = this.#try(bytes, () => {
      const verdict = examineBlob(bytes, options);
      errno = verdict.errno;
      if (inputs.note(bytes, verdict.kind)) {
        recorded.push({ kind: 'blob', hex: hex(bytes), previous: previous && hex(previous.bytes), claimed });
      }
      if (verdict.accepted !== undefined) this.#last = { ...verdict.accepted, bytes };
    });
    if (violation !== undefined) {
      const before = previous === undefined ? '' : `, after ${hex(previous.bytes)}`;
      return { what: `blob${before}`, hex: hex(bytes), violation };
    }
    const isAccepted = errno === 0;
    count(figures.blobs, isAccepted);
    count(figures.byOrigin[input.origin], isAccepted);
    for (const mutation of new Set(input.mutations)) count(figures.byMutation[mutation], isAccepted);
    figures.byErrno[errno] = (figures.byErrno[errno] ?? 0) + 1;
    figures.largest = Math.max(figures.largest, bytes.length);
    if (previous !== undefined) figures.afterAnother += 1;
    return undefined;
  }

  #struct(): Culprit | undefined {
    const { figures, structKinds, recorded } = this.#session;
    const own = this.#random(2 ** 31);
    const { known, data, context } = structInput(randomFrom(own));
    let isAccepted = false;
    const violation = this.#try(data, () => {
      const { errno, kind } = examineStruct(known, data, context);
      isAccepted = errno === 0;
      if (structKinds.has(kind)) return;
      structKinds.add(kind);
      recorded.push({ kind: 'struct', seed: own });
    });
    count(figures.structs, isAccepted);
    if (violation === undefined) return undefined;
    return { what: `struct of ${known.definition.name}`, hex: hex(data), violation };
  }

  /** Gives the violation, if there was one. May do the work again: too long a time is one if it takes so long again. */
  #try(bytes: Uint8Array, work: () => void): Violation | undefined {
    const { slowest } = this.#session.figures;
    this.#show(bytes);
    try {
      const start = performance.now();
      work();
      let least = performance.now() - start;
      if (least <= slowest.ms) return undefined;
      // Again, and on our own time: other work on the machine is no fault of the input.
      for (let again = 0; again < 3 && least > slowest.ms; again += 1) least = Math.min(least, cpuOf(work));
      if (least > mostMs) return new Violation(`took ${Math.round(least)} ms`);
      if (least > slowest.ms) [slowest.ms, slowest.bytes] = [least, bytes.length];
      return undefined;
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return error;
    }
  }
}

/** Lengths that a caller may claim, whatever it has. */
const lengths = [0, 39, 95, 96, 97, 1e6, 0x1fffffff, 0x20000000, 0x7fffffff, 0x80000000, 0xffffffff];

function cpuOf(work: () => void): number {
  const start = cpuSeconds();
  work();
  return 1000 * (cpuSeconds() - start);
}

/** The same bytes at an odd address. */
function shifted(bytes: Uint8Array): Uint8Array {
  const made = new Uint8Array(bytes.length + 1);
  made.set(bytes, 1);
  return made.subarray(1);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
