import type { NftLimit, NftLog, NftXt } from '../json.ts';
import type { Datum, SmallDatum } from './datum.ts';
import type { Load, Operand } from './load.ts';

/** A load of register 1 and what is done to it before it is compared. */
export interface Subject {
  readonly load: Load;
  readonly size: number;
  /** Only these bits. */
  readonly mask?: SmallDatum;
  /** From the kernel's order to the packet's, so that greater and less mean what they say. */
  readonly swapped?: boolean;
}

/** What one statement becomes: a few expressions of the kernel's. */
export type Step =
  | {
      readonly kind: 'compare';
      readonly subject: Subject;
      /** NFT_CMP_*. */
      readonly op: number;
      readonly value: Datum;
      /** A plain field with a plain value: nft may merge it with a neighbour. */
      readonly mergeable: boolean;
    }
  | {
      readonly kind: 'between';
      readonly subject: Subject;
      readonly inverted: boolean;
      readonly from: SmallDatum;
      readonly to: SmallDatum;
    }
  | { readonly kind: 'lookup'; readonly subject: Subject; readonly inverted: boolean; readonly set: AnonymousSet }
  | { readonly kind: 'object'; readonly type: number; readonly name: string }
  | { readonly kind: 'limit'; readonly limit: NftLimit }
  | { readonly kind: 'log'; readonly log: NftLog }
  | { readonly kind: 'reject'; readonly type: number; readonly code: number }
  /** mark = (mark & mask) ^ xor; without a mask the mark isn't read. */
  | { readonly kind: 'mark'; readonly mask?: number; readonly xor: number }
  /** One of the kernel's own x_tables extensions. */
  | { readonly kind: 'xt'; readonly xt: NftXt }
  | { readonly kind: 'verdict'; readonly code: number; readonly chain?: string };

/** Numbers that a field is looked up in. */
export interface AnonymousSet {
  readonly key: NonNullable<Operand['key']>;
  readonly size: 1 | 2 | 3 | 4;
  /** Without ranges, in the order given; else one behind the other with gaps in between. */
  readonly elements: readonly { readonly from: number; readonly to: number }[];
  readonly intervals: boolean;
}

export type CompareStep = Extract<Step, { readonly kind: 'compare' }>;
