import { Parser } from 'binary-parser';
import { checkCount, type FieldType, unfit } from './field.ts';

/** A tuple of N elements where N is a literal, else a list. */
export type Repeat<T, N extends number, Seen extends readonly T[] = readonly []> = number extends N
  ? readonly T[]
  : Seen['length'] extends N
    ? Seen
    : Repeat<T, N, readonly [...Seen, T]>;

/** The bytes of `view` from `offset` on, as far as `length`. */
function slot(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

/** Raw bytes: unions, names with their mask. Read as a copy, exactly `length` long; written likewise. */
export function bytes(length: number): FieldType<Uint8Array> {
  checkCount('bytes', length);
  return {
    size: length,
    align: 1,
    declare: (parser, name) => void parser.buffer(name, { length, formatter: (found) => found.slice() }),
    put(view, offset, value, label) {
      if (value.length !== length) unfit(label, `${length} bytes`, value.length);
      slot(view, offset, length).set(value);
    },
  };
}

/**
 * char[length]: the latin1 text before the first NUL. What stands behind the NUL is lost on reading
 * and zero on writing. A text that fills its room has no NUL, as in the kernel's own copies.
 */
export function cstring(length: number): FieldType<string> {
  checkCount('cstring', length);
  const latin1 = (found: Uint8Array): string => {
    let text = '';
    for (const code of found) {
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  };
  return {
    size: length,
    align: 1,
    declare: (parser, name) => void parser.buffer(name, { length, formatter: latin1 }),
    put(view, offset, value, label) {
      if (value.length > length) unfit(label, `at most ${length} characters`, value.length);
      for (let index = 0; index < length; index++) {
        const code = index < value.length ? value.charCodeAt(index) : 0;
        if (code > 0xff || (code === 0 && index < value.length))
          unfit(label, 'latin1 text without NUL', JSON.stringify(value));
        view.setUint8(offset + index, code);
      }
    },
  };
}

/** `count` values of one type behind each other: a tuple when `count` is a literal. */
export function array<T, const N extends number>(type: FieldType<T>, count: N): FieldType<Repeat<T, N>> {
  checkCount('array', count);
  return {
    size: type.size * count,
    align: type.align,
    declare(parser, name) {
      if (type.primitive !== undefined) {
        parser.array(name, { type: type.primitive, length: count });
        return;
      }
      const element = new Parser();
      type.declare(element, 'value');
      parser.array(name, {
        type: element,
        length: count,
        formatter: (found: readonly { readonly value: T }[]) => found.map((one) => one.value),
      });
    },
    put(view, offset, values: readonly T[], label) {
      if (values.length !== count) unfit(label, `${count} elements`, values.length);
      for (const [index, value] of values.entries()) type.put(view, offset + index * type.size, value, label);
    },
  };
}
