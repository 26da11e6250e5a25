import type { InputOrigin } from './inputs.ts';
import { mutationNames } from './mutate.ts';

/** So many, and how many of them were accepted. */
export interface Share {
  all: number;
  accepted: number;
}

/** What a run did: numbers only, so that they can be written down and gone on with. */
export interface Figures {
  readonly blobs: Share;
  readonly structs: Share;
  readonly byOrigin: Record<InputOrigin, Share>;
  /** In the order of `mutationNames`. A blob counts once for each that was done to it. */
  readonly byMutation: readonly Share[];
  /** Blobs by what their caller would be told. */
  readonly byErrno: Record<number, number>;
  /** Of the blobs: looked at after a table that was accepted before. */
  afterAnother: number;
  /** Bytes. */
  largest: number;
  slowest: { ms: number; bytes: number };
  seconds: number;
  cpuSeconds: number;
}

const none = (): Share => ({ all: 0, accepted: 0 });

export function noFigures(): Figures {
  return {
    blobs: none(),
    structs: none(),
    byOrigin: { valid: none(), accepted: none(), found: none(), 'hand-made': none(), raw: none() },
    byMutation: mutationNames.map(none),
    byErrno: {},
    afterAnother: 0,
    largest: 0,
    slowest: { ms: 0, bytes: 0 },
    seconds: 0,
    cpuSeconds: 0,
  };
}

export function count(share: Share | undefined, isAccepted: boolean): void {
  if (share === undefined) throw new Error('no such share');
  share.all += 1;
  if (isAccepted) share.accepted += 1;
}

/** Mutations of valid blobs, or of such mutations. */
export function ofValid({ byOrigin: { valid, accepted, found } }: Figures): number {
  return valid.all + accepted.all + found.all;
}
