import { cString } from './c-string.ts';
import { addressOf } from './koffi.ts';

/** A string for a C program: text (as UTF-8), or its bytes without the NUL. */
export type CText = string | Uint8Array;

function terminated(value: CText, call: string): Uint8Array {
  return typeof value === 'string' ? cString(value, call) : Buffer.concat([value, Buffer.alloc(1)]);
}

/** A NULL-terminated array of char pointers, the strings behind it in the same buffer. */
export function cStringArray(values: readonly CText[], call: string): Buffer {
  const strings = values.map((value) => terminated(value, call));
  const pointersSize = (strings.length + 1) * 8;
  const bytes = Buffer.concat([Buffer.alloc(pointersSize), ...strings]);
  let address = addressOf(bytes) + BigInt(pointersSize);
  for (const [i, string] of strings.entries()) {
    bytes.writeBigUInt64LE(address, i * 8);
    address += BigInt(string.length);
  }
  return bytes;
}

/** One string, NUL-terminated. */
export function cText(value: CText, call: string): Uint8Array {
  return terminated(value, call);
}
