import { type TableName, tableNames } from '../../protocol/family.ts';
import { anyHeader } from '../../rules/blob/encode.ts';
import { blobCases } from '../../rules/blob/testing/cases.ts';
import type { CheckContext, NftContext } from '../../rules/extension.ts';
import { pick, type Random } from '../harness/random.ts';
import { mutate } from './mutate.ts';
import { type KnownRevision, knownRevisions } from './structs.ts';
import { validBlob } from './valid-blob.ts';

/** Where a blob comes from; all but the last two are mutations of valid ones, or of such mutations. */
export type InputOrigin = 'valid' | 'accepted' | 'found' | 'hand-made' | 'raw';

export interface BlobInput {
  readonly origin: InputOrigin;
  readonly bytes: Uint8Array;
  /** What was done to it, as indices of `mutationNames`. */
  readonly mutations: readonly number[];
}

const poolSize = 512;
/** Inputs that took a new way through the code, for further mutations. */
const mostFound = 4096;
const longestFound = 1 << 13;
/** So many ways are told apart; there are some thousands. */
const mostKinds = 20_000;

/** Blobs one after the other: some nine tenths of them mutations of valid ones. */
export class BlobInputs {
  /** The ways through the code that were seen. */
  readonly kinds = new Set<string>();
  readonly #pool: Uint8Array[] = [];
  readonly #found: Uint8Array[] = [];
  #kept = 0;
  readonly #handMade = blobCases.map(({ blob }) => blob);

  /** Forgets the valid blobs, so that what comes next hangs on `next`'s random numbers and on what was found alone. */
  beginRound(): void {
    this.#pool.length = 0;
  }

  next(random: Random): BlobInput {
    const choice = random(100);
    if (choice < 4) return { origin: 'raw', bytes: raw(random), mutations: [] };
    if (choice < 12) return this.#mutated('hand-made', this.#handMade, random);
    if (choice < 40 && this.#found.length > 0) return this.#mutated('found', this.#found, random);
    if (this.#pool.length < poolSize || random(64) === 0) {
      const fresh = validBlob(random);
      if (this.#pool.length < poolSize) this.#pool.push(fresh);
      else this.#pool[random(poolSize)] = fresh;
    }
    return this.#mutated('valid', this.#pool, random);
  }

  /** Whether an input's way through the code is new; keeps it then. */
  note(bytes: Uint8Array, kind: string): boolean {
    if (this.kinds.has(kind) || this.kinds.size >= mostKinds) return false;
    this.kinds.add(kind);
    this.keep(bytes);
    return true;
  }

  /** For further mutations; the oldest makes room. */
  keep(bytes: Uint8Array): void {
    if (bytes.length > longestFound) return;
    // A copy: small buffers share their memory with others, which would be kept, too.
    this.#found[this.#kept % mostFound] = new Uint8Array(bytes);
    this.#kept += 1;
  }

  #mutated(origin: InputOrigin, from: readonly Uint8Array[], random: Random): BlobInput {
    return mutated(origin, from[random(from.length)] ?? new Uint8Array(), random);
  }
}

export function mutated(origin: InputOrigin, blob: Uint8Array, random: Random): BlobInput {
  const mutations: number[] = [];
  return { origin, bytes: mutate(blob, random, (mutation) => mutations.push(mutation)), mutations };
}

function raw(random: Random): Uint8Array {
  const bytes = new Uint8Array(random(pick(random, [97, 300, 1200])));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random(256);
  return bytes;
}

/** A struct for an extension: a valid one with a few bytes changed, or any bytes. */
export function structInput(random: Random): {
  readonly known: KnownRevision;
  readonly data: Uint8Array;
  readonly context: CheckContext & NftContext;
} {
  const known = knownRevisions[random(knownRevisions.length)];
  const sample = known?.samples[random(known.samples.length)];
  if (known === undefined || sample === undefined) throw new Error('no extensions');
  const data = Uint8Array.from(sample.data);
  const edges = [0, 1, 2, 4, 5, 8, 15, 16, 0x20, 0x7f, 0x80, 0xfe, 0xff];
  const all = random(20) === 0;
  for (let left = all ? data.length : random(5); left > 0 && data.length > 0; left -= 1) {
    const at = all ? left - 1 : random(data.length);
    data[at] = random(3) === 0 ? random(256) : (edges[random(edges.length)] ?? 0);
  }
  const table: TableName = tableNames[random(tableNames.length)] ?? 'filter';
  const header = {
    ...anyHeader(),
    protocol: random(4) === 0 ? random(300) : sample.protocol,
    inverted: sample.inverted,
  };
  return { known, data, context: { table, header, hooks: 1 + random(31) } };
}
