/** The part of binary-parser that protocol/ uses: its own declarations can't be reached from an ES module. */
declare module 'binary-parser' {
  type PrimitiveName =
    | 'uint8'
    | 'uint16le'
    | 'uint16be'
    | 'uint32le'
    | 'uint32be'
    | 'int32le'
    | 'int32be'
    | 'uint64le'
    | 'uint64be';

  interface FieldOptions<Found> {
    readonly length: number;
    /** Turns what was read into the field's value. */
    readonly formatter?: (found: Found) => unknown;
  }

  // A class that is an interface with methods by primitive name can't be written as one declaration.
  export interface Parser extends Readonly<Record<PrimitiveName, (name: string) => Parser>> {}

  export class Parser {
    /** Skips bytes, as many as the number says or the function gives when it comes to it. */
    seek(length: number | (() => number)): this;
    buffer(name: string, options: FieldOptions<Uint8Array>): this;
    nest(name: string, options: { readonly type: Parser }): this;
    array<Element>(
      name: string,
      options: FieldOptions<readonly Element[]> & { readonly type: Parser | PrimitiveName },
    ): this;
    parse(bytes: Uint8Array): unknown;
  }
}
