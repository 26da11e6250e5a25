import type { Datum } from './datum.ts';
import type { Attribute, ExpressionName } from './expression.ts';
import type { AnonymousSet, KeyType } from './set-model.ts';

/** What fills a register. */
export type Load =
  /** Bits from the start of a header. */
  | { readonly kind: 'payload'; readonly base: number; readonly offset: number; readonly bits: number }
  | { readonly kind: 'meta'; readonly key: number }
  | { readonly kind: 'ct'; readonly key: number; readonly direction?: number }
  /** Another expression of the kernel's: `register` is the attribute that names where it puts what it finds. */
  | {
      readonly kind: 'other';
      readonly name: ExpressionName;
      readonly register: number;
      readonly attributes: readonly Attribute[];
    }
  /** A hash of what is loaded into the registers behind. */
  | { readonly kind: 'hash'; readonly of: Subject; readonly attributes: readonly Attribute[] }
  /** What a map says to a key. */
  | { readonly kind: 'map'; readonly of: Subject; readonly map: AnonymousSet | string }
  | { readonly kind: 'concat'; readonly parts: readonly Subject[] };

/** A load and what is done to it before it is compared or stored. */
export interface Subject {
  readonly load: Load;
  /** Bytes. */
  readonly size: number;
  /** What is done first, one after the other. */
  readonly changes?: readonly Change[];
  /** Only these bits. */
  readonly mask?: Datum;
  /** … of which these are turned over. */
  readonly xor?: Datum;
  /** From the kernel's order to the packet's, so that greater and less mean what they say. */
  readonly swapped?: boolean;
}

export type Change =
  /** `flips`: by ^, not by | alone. */
  | { readonly kind: 'mask'; readonly mask: Datum; readonly xor: Datum; readonly flips: boolean }
  | { readonly kind: 'shift'; readonly to: 'left' | 'right'; readonly bits: number }
  | { readonly kind: 'order'; readonly to: 'host' | 'network' };

/** How values compared with a load are written. */
export type Notation =
  | 'number'
  | 'address'
  | 'ethernet address'
  /** With a `*` at its end: the beginning of one. */
  | 'interface name'
  | 'text'
  /** Seconds, kept in milliseconds. */
  | 'milliseconds'
  /** Seconds, kept in nanoseconds. */
  | 'nanoseconds'
  | 'boolean'
  /** A traffic class "1:2", hexadecimal. */
  | 'class'
  /** The number of a bit. */
  | 'bit'
  | Readonly<Record<string, number>>;

/** An expression that has a type of its own: the left side of a test, what a statement stores. */
export interface Operand {
  readonly load: Load;
  readonly size: number;
  /** The kernel keeps it in its own byte order; else as in a packet. */
  readonly hostOrder?: boolean;
  readonly notation: Notation;
  /** One of the notation's numbers is a bit: several at once are one value. */
  readonly bits?: boolean;
  /** Protocols that nft tests first: of the transport layer by number, or the link's. */
  readonly protocol?: number | 'ethernet';
  /** A plain value tells the protocol of what follows. */
  readonly tellsProtocol?: 'meta' | 'ct' | 'link';
  /** Only behind a test that tells the transport protocol. */
  readonly needsProtocol?: boolean;
  /** A load of its own where it is compared with true or false: whether it is there. */
  readonly presence?: Load;
  /** How a set of such values names its type. */
  readonly key?: KeyType;
  /** What a checksum in its header needs when it is changed. */
  readonly checksum?: Checksum;
}

/** How the kernel keeps a checksum right (NFTA_PAYLOAD_CSUM_*). */
export interface Checksum {
  readonly type: number;
  readonly offset: number;
  /** The field is part of the transport header's checksum too. */
  readonly pseudoHeader?: boolean;
}
