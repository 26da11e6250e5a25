import { Parser } from 'binary-parser';
import { BpfilterError } from './error.ts';
import type { FieldType, ValueOf } from './field.ts';

export { array, bytes, cstring } from './compound-field.ts';
export type { FieldType, ValueOf } from './field.ts';
export { be16, be32, i32, u8, u16, u32, u64 } from './number-field.ts';

/** The fields of a struct, in the header's order and under its names. */
export type Fields = Readonly<Record<string, FieldType<unknown>>>;

/** What reading a table of fields gives. */
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** A C struct: its layout, reader and writer. It is a field type too, so structs nest. */
export interface Struct<T> extends FieldType<T> {
  readonly name: string;
  /** The kernel header it comes from. */
  readonly header: string;
  /** Where each field starts, bytes from the struct's start. */
  readonly offsets: Readonly<Record<keyof T & string, number>>;
  /**
   * Reads the struct at `offset` (0 unless given). Padding is skipped, nothing read aliases `bytes`.
   * Throws `malformed` when it isn't whole within `bytes`.
   */
  read(bytes: Uint8Array, offset?: number): T;
  /**
   * Writes the struct, padding zeroed, into `into` at `offset`, or into `size` fresh bytes.
   * Gives back the bytes it wrote to. Throws `malformed` for a value that doesn't fit its field.
   */
  write(value: T, into?: Uint8Array, offset?: number): Uint8Array;
}

export interface StructOptions {
  /** At least this alignment, bytes: for a flexible array at the end, or a union whose other half is a pointer. */
  readonly align?: number;
}

/** The next multiple of `alignment` from `size` on. */
export function alignUp(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}

interface Slot {
  readonly key: string;
  readonly label: string;
  readonly type: FieldType<unknown>;
  readonly offset: number;
}

/**
 * Declares a C struct by its fields, in order. Offsets, padding and size follow the C ABI of 64-bit
 * machines. `header` names the kernel header, for the reader.
 */
export function defineStruct<const F extends Fields>(
  name: string,
  header: string,
  fields: F,
  options: StructOptions = {},
): Struct<FieldValues<F>> {
  const slots: Slot[] = [];
  let end = 0;
  let align = options.align ?? 1;
  for (const [key, type] of Object.entries(fields)) {
    const offset = alignUp(end, type.align);
    slots.push({ key, label: `${name}.${key}`, type, offset });
    end = offset + type.size;
    align = Math.max(align, type.align);
  }
  const size = alignUp(end, align);
  return structOf({ name, header, size, align, slots });
}

interface Layout {
  readonly name: string;
  readonly header: string;
  readonly size: number;
  readonly align: number;
  readonly slots: readonly Slot[];
}

function structOf<T extends Readonly<Record<string, unknown>>>(layout: Layout): Struct<T> {
  const { name, header, size, align, slots } = layout;
  // Compiled at the first read: most structs are never read in a short run.
  let parseAt: ((bytes: Uint8Array, offset: number) => T) | undefined;

  const put = (view: DataView, offset: number, value: T): void => {
    for (const slot of slots) slot.type.put(view, offset + slot.offset, value[slot.key], slot.label);
  };

  return {
    name,
    header,
    size,
    align,
    offsets: Object.fromEntries(slots.map((slot) => [slot.key, slot.offset])) as Record<keyof T & string, number>,
    declare: (parser, field) => void parser.nest(field, { type: parserOf(layout) }),
    put,
    read(bytes, offset = 0) {
      checkBounds(name, size, bytes, offset);
      parseAt ??= compile<T>(layout);
      return parseAt(bytes, offset);
    },
    write(value, into = new Uint8Array(size), offset = 0) {
      checkBounds(name, size, into, offset);
      into.fill(0, offset, offset + size);
      put(new DataView(into.buffer, into.byteOffset, into.byteLength), offset, value);
      return into;
    },
  };
}

/** The fields one after another, gaps skipped. */
function parserOf({ size, slots }: Layout): Parser {
  const parser = new Parser();
  let end = 0;
  for (const slot of slots) {
    if (slot.offset > end) parser.seek(slot.offset - end);
    slot.type.declare(parser, slot.key);
    end = slot.offset + slot.type.size;
  }
  if (size > end) parser.seek(size - end);
  return parser;
}

/**
 * A reader of the struct at any offset. The struct is nested below a wrapper because binary-parser
 * deletes properties of the outermost object, which would make every value slow to use.
 */
function compile<T>(layout: Layout): (bytes: Uint8Array, offset: number) => T {
  let start = 0;
  const parser = new Parser().seek(() => start).nest('value', { type: parserOf(layout) });
  return (bytes, offset) => {
    start = offset;
    // A Buffer's fields would be Buffers, whose slice() is a view.
    const plain =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (parser.parse(plain) as { readonly value: T }).value;
  };
}

function checkBounds(name: string, size: number, bytes: Uint8Array, offset: number): void {
  if (Number.isInteger(offset) && offset >= 0 && offset + size <= bytes.length) return;
  const found = Math.max(0, bytes.length - offset);
  throw new BpfilterError('malformed', `${name} at offset ${offset}: wanted ${size} bytes, found ${found}`);
}
