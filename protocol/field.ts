import type { Parser } from 'binary-parser';
import { BpfilterError } from './error.ts';

/** Names that binary-parser has for the element of an array. */
type Primitive =
  | 'uint8'
  | 'uint16le'
  | 'uint16be'
  | 'uint32le'
  | 'uint32be'
  | 'int32le'
  | 'int32be'
  | 'uint64le'
  | 'uint64be';

/** What a field of a struct is made of: its room, and how its value is read and written. */
export interface FieldType<T> {
  /** Bytes it takes. */
  readonly size: number;
  /** Its alignment in the C ABI, bytes. */
  readonly align: number;
  /** Set for plain numbers: an array of them needs no parser of its own. */
  readonly primitive?: Primitive;
  /** Adds the field to a parser, under a name. */
  declare(parser: Parser, name: string): void;
  /** Writes a value at an offset that is known to be inside. Throws `malformed`, named by `label`, for a value that doesn't fit. */
  put(view: DataView, offset: number, value: T, label: string): void;
}

/** The value a field type (or struct) reads and writes. */
export type ValueOf<F> = F extends FieldType<infer T> ? T : never;

/** The kernel's numbers are in the machine's own byte order. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Throws for a value that has no room in its field. */
export function unfit(label: string, wanted: string, found: unknown): never {
  throw new BpfilterError('malformed', `${label}: wanted ${wanted}, found ${String(found)}`);
}

/** Refuses lengths that can't be meant, when a struct is defined. */
export function checkCount(what: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) unfit(what, 'a length of 1 or more', count);
}
