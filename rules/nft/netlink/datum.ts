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

export function isSmall(size: number): size is SmallSize {
  return size === 1 || size === 2 || size === 3 || size === 4;
}

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

/** A number of any width, in the kernel's order or the packet's. Refuses one that doesn't fit. */
export function datumOfBigint(value: bigint, size: number, hostOrder: boolean): Datum {
  if (value < 0n || value >= 1n << BigInt(8 * size)) unsupported(`${value} in ${size} bytes`);
  if (isSmall(size)) return hostOrder ? inHostOrder(Number(value), size) : inNetworkOrder(Number(value), size);
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let at = 0; at < size; at += 1) {
    bytes[hostOrder ? at : size - 1 - at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return { size, bytes };
}

/** All bits off, or on. */
export function filled(size: number, byte: 0 | 0xff): Datum {
  if (isSmall(size)) return { size, word: byte === 0 ? 0 : (limits[size] - 1) >>> 0 };
  return { size, bytes: new Uint8Array(size).fill(byte) };
}

export function bytesOf(datum: Datum): Uint8Array {
  if ('bytes' in datum) return datum.bytes;
  return Uint8Array.from({ length: datum.size }, (_, at) => (datum.word >>> (8 * at)) & 0xff);
}

/** Of any length. */
export function datumOfBytes(bytes: Uint8Array): Datum {
  const { length } = bytes;
  if (!isSmall(length)) return { size: length, bytes };
  return { size: length, word: bytes.reduce((word, byte, at) => (word | (byte << (8 * at))) >>> 0, 0) };
}

/** One behind the other. */
export function joined(first: Datum, second: Datum): Datum {
  const size = first.size + second.size;
  if (isSmall(size) && 'word' in first && 'word' in second)
    return { size, word: (first.word | (second.word << (8 * first.size))) >>> 0 };
  return datumOfBytes(Uint8Array.of(...bytesOf(first), ...bytesOf(second)));
}

/** An attribute that holds a value: {VALUE}. */
export function writeDatum(writer: MessageWriter, type: number, datum: Datum): void {
  const start = writer.open(type);
  if ('word' in datum) writer.word(dataAttribute.value, datum.size, datum.word);
  else writer.binary(dataAttribute.value, datum.bytes);
  writer.close(start);
}
