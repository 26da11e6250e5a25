import type { NftXt } from '../json.ts';
import type { Datum } from './datum.ts';
import type { Expression } from './expression.ts';
import type { Subject } from './load.ts';
import type { AnonymousSet } from './set-model.ts';

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
      readonly from: Datum;
      readonly to: Datum;
    }
  /** In a set of the rule's own, or in one by its name. */
  | {
      readonly kind: 'lookup';
      readonly subject: Subject;
      readonly inverted: boolean;
      readonly set: AnonymousSet | string;
    }
  | { readonly kind: 'object'; readonly type: number; readonly name: string }
  /** Expressions as they are. */
  | { readonly kind: 'plain'; readonly expressions: readonly Expression[] }
  /** One of the kernel's own x_tables extensions. */
  | { readonly kind: 'xt'; readonly xt: NftXt }
  | { readonly kind: 'verdict'; readonly code: number; readonly chain?: string };

export type CompareStep = Extract<Step, { readonly kind: 'compare' }>;
