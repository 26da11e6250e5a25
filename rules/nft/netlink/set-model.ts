import type { Datum } from './datum.ts';

/** How nft and the kernel call the type of a set's keys or data. */
export interface KeyType {
  /** enum datatypes of nft (include/datatype.h); a concatenation's are joined by 6 bits each. */
  readonly type: number;
  /** The expression that the keys are of, as nft keeps it in the set's userdata: enum expr_types, and its attributes. */
  readonly typeOf?: TypeOf;
  /** nft takes them to be in the kernel's order, though they are texts. */
  readonly hostOrder?: boolean;
}

export interface TypeOf {
  readonly expression: number;
  /** u32 in host order, or nested ones (concatenations). */
  readonly data: readonly (number | readonly TypeOf[])[];
}

export interface SetElement {
  readonly key: Datum;
  /** Of an interval of concatenations: its last. */
  readonly keyEnd?: Datum;
  /** NFT_SET_ELEM_* */
  readonly isIntervalEnd?: boolean;
  /** The interval goes to the greatest value there is. */
  readonly isOpen?: boolean;
  readonly data?: Datum;
}

/** What a set holds, as the kernel takes it. */
export interface SetContent {
  readonly key: KeyType;
  /** Bytes of a key. */
  readonly size: number;
  /** In the kernel's own byte order, where they are no intervals. */
  readonly hostOrder: boolean;
  readonly intervals: boolean;
  /** Bytes of each part of a concatenation. */
  readonly parts?: readonly number[];
  readonly data?: {
    readonly key: KeyType;
    readonly size: number;
    readonly hostOrder: boolean;
    readonly intervals: boolean;
  };
  readonly elements: readonly SetElement[];
  /** How many nft says there are. */
  readonly declared: number;
}

/** A set of one rule; its name is the kernel's. */
export type AnonymousSet = SetContent;
