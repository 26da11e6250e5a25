import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Figures, noFigures } from './figures.ts';
import { BlobInputs } from './inputs.ts';
import type { MemorySample } from './memory.ts';
import { mutationNames } from './mutate.ts';

/** An input that took a way through the code that none had taken before, as it is written down. */
export type RecordedInput =
  | {
      readonly kind: 'blob';
      readonly hex: string;
      /** Of the table before it. */
      readonly previous: string | undefined;
      readonly claimed: number | undefined;
    }
  /** A struct by the seed that it is made from. */
  | { readonly kind: 'struct'; readonly seed: number };

/** A run, from its first blob to its last, over as many processes as it takes. */
export interface Session {
  readonly seed: number;
  /** Rounds that are over: each has a seed of its own, so that it can be had again. */
  rounds: number;
  readonly figures: Figures;
  readonly inputs: BlobInputs;
  readonly structKinds: Set<string>;
  readonly recorded: RecordedInput[];
  readonly memory: MemorySample[];
}

interface Saved {
  readonly seed: number;
  readonly rounds: number;
  readonly mutations: readonly string[];
  readonly figures: Figures;
  readonly kinds: readonly string[];
  readonly structKinds: readonly string[];
  readonly recorded: readonly RecordedInput[];
  readonly memory: readonly MemorySample[];
}

export function newSession(seed: number): Session {
  return {
    seed,
    rounds: 0,
    figures: noFigures(),
    inputs: new BlobInputs(),
    structKinds: new Set(),
    recorded: [],
    memory: [],
  };
}

/** Takes the place of the file in one step. */
export function saveSession(file: string, session: Session): void {
  const { inputs, structKinds, seed, rounds, figures, recorded, memory } = session;
  const saved: Saved = {
    seed,
    rounds,
    mutations: mutationNames,
    figures,
    kinds: [...inputs.kinds],
    structKinds: [...structKinds],
    recorded,
    memory,
  };
  writeFileSync(`${file}.next`, JSON.stringify(saved));
  renameSync(`${file}.next`, file);
}

/** The run as it was saved last, or undefined. Throws when it was made by a fuzzer with other mutations. */
export function loadSession(file: string): Session | undefined {
  if (!existsSync(file)) return undefined;
  const saved = JSON.parse(readFileSync(file, 'utf8')) as Saved;
  if (saved.mutations.join() !== mutationNames.join()) throw new Error(`${file} is of another version of the fuzzer`);
  const inputs = new BlobInputs();
  for (const kind of saved.kinds) inputs.kinds.add(kind);
  for (const input of saved.recorded) if (input.kind === 'blob') inputs.keep(Buffer.from(input.hex, 'hex'));
  return {
    seed: saved.seed,
    rounds: saved.rounds,
    figures: saved.figures,
    inputs,
    structKinds: new Set(saved.structKinds),
    recorded: [...saved.recorded],
    memory: [...saved.memory],
  };
}
