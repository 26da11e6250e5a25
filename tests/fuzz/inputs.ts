import { type TableName, tableNames } from '../../protocol/family.ts';
import { anyHeader } from '../../rules/blob/encode.ts';
import { blobCases } from '../../rules/blob/testing/cases.ts';
import type { CheckContext } from '../../rules/extension.ts';
import { pick, type Random } from '../harness/random.ts';
import { mutate } from './mutate.ts';
import { type KnownRevision, knownRevisions } from './structs.ts';
import { validBlob } from './valid-blob.ts';

/** A blob, and where it comes from. */
export interface BlobInput {
  readonly origin: 'valid' | 'hand-made' | 'found' | 'raw';
  readonly bytes: Uint8Array;
}

const poolSize = 512;
/** Inputs that took a new way through the code, for further mutations. */
const mostFound = 4096;
const longestFound = 1 << 13;

/** Blobs one after the other: some nine tenths of them mutations of valid ones. */
export class BlobInputs {
  readonly #random: Random;
  readonly #pool: Uint8Array[] = [];
  readonly #found: Uint8Array[] = [];
  readonly #kinds = new Set<string>();
  readonly #handMade = blobCases.map(({ blob }) => blob);

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many ways through the code were seen. */
  get kinds(): number {
    return this.#kinds.size;
  }

  next(): BlobInput {
    const random = this.#random;
    const choice = random(100);
    if (choice < 4) return { origin: 'raw', bytes: this.#raw() };
    if (choice < 12) return { origin: 'hand-made', bytes: mutate(this.#one(this.#handMade), random) };
    if (choice < 40 && this.#found.length > 0)
      return { origin: 'found', bytes: mutate(this.#one(this.#found), random) };
    if (this.#pool.length < poolSize || random(16) === 0) {
      const fresh = validBlob(random);
      if (this.#pool.length < poolSize) this.#pool.push(fresh);
      else this.#pool[random(poolSize)] = fresh;
    }
    return { origin: 'valid', bytes: mutate(this.#one(this.#pool), random) };
  }

  /** Keeps an input whose way through the code is new, and says so. */
  note(bytes: Uint8Array, kind: string): boolean {
    if (this.#kinds.has(kind)) return false;
    this.#kinds.add(kind);
    if (bytes.length > longestFound) return true;
    if (this.#found.length < mostFound) this.#found.push(bytes);
    else this.#found[this.#random(mostFound)] = bytes;
    return true;
  }

  #one(from: readonly Uint8Array[]): Uint8Array {
    return from[this.#random(from.length)] ?? new Uint8Array();
  }

  #raw(): Uint8Array {
    const bytes = new Uint8Array(this.#random(pick(this.#random, [97, 300, 1200])));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.#random(256);
    return bytes;
  }
}

/** A struct for an extension: a valid one with a few bytes changed, or any bytes. */
export function structInput(random: Random): {
  readonly known: KnownRevision;
  readonly data: Uint8Array;
  readonly context: CheckContext;
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
