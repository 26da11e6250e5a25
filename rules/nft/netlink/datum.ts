import { dataAttribute } from './numbers.ts';
import { unsupported } from './unsupported.ts';
import { type MessageWriter, swap32 } from './writer.ts';

/** Up to four bytes, the first in the lowest bits of `word`, or more of them. */
export type Datum =
  | { readonly size: 1 | 2 | 3 | 4; readonly word: number }
  | { readonly size: number; readonly bytes: Uint8Array };

export type SmallDatum = Extract<Datum, { readonly word: number }>;
export type SmallSize = SmallDatum['size'];

/** One past the greatest number of so many bytes. */
const limits = { 1: 2 ** 8, 2: 2 ** 16, 3: 2 ** 24, 4: 2 ** 32 } as const;

/** A number as a packet has it. Refuses one that doesn't fit. */
export function inNetworkOrder(value: number, size: SmallSize): SmallDatum {
  if (!(value >= 0 && value < limits[size])) unsupported(`${value} in ${size} bytes`);
  return { size, word: swap32(value) >>> (32 - 8 * size) };
}

/** A number as the kernel keeps it for itself (little-endian machines). */
export function inHostOrder(value: number, size: SmallSize): SmallDatum {
  if (!(value >= 0 && value < limits[size])) unsupported(`${value} in ${size} bytes`);
  return { size, word: value };
}

/** One behind the other; at most four bytes together. */
export function joined(first: SmallDatum, second: SmallDatum): SmallDatum {
  const size = first.size + second.size;
  if (size !== 2 && size !== 3 && size !== 4) return unsupported(`${size} bytes as one value`);
  return { size, word: (first.word | (second.word << (8 * first.size))) >>> 0 };
}

/** An attribute that holds a value: {VALUE}. */
export function writeDatum(writer: MessageWriter, type: number, datum: Datum): void {
  const start = writer.open(type);
  if ('word' in datum) writer.word(dataAttribute.value, datum.size, datum.word);
  else writer.binary(dataAttribute.value, datum.bytes);
  writer.close(start);
}
