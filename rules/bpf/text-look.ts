import type { TextAction } from './record.ts';
import type { Look } from './test.ts';

/** What a text's table has for a byte: of each of the text's own a bit, whether it is that; in words of 8 bytes. */
export const WORD = 8;
const WORD_BITS = 8 * WORD;
export const BYTES = 256;

const wordsFor = (length: number): number => (length > WORD_BITS ? 2 : 1);

/** Of a text's table. */
export function textDataSize(length: number): number {
  return BYTES * WORD * wordsFor(length);
}

/**
 * What looks for a text of up to 128 bytes between two places. `isSame`: whether a byte of the packet counts as one of
 * the text; `inPiece`: not across pieces of the packet's memory.
 */
export function textLook(
  bytes: Uint8Array,
  options: {
    readonly from: number;
    readonly to: number;
    readonly inPiece: boolean;
    readonly isSame: (byte: number, wanted: number) => boolean;
  },
): Look {
  const { from, to, inPiece, isSame } = options;
  const words = wordsFor(bytes.length);
  const data = Buffer.alloc(textDataSize(bytes.length));
  for (let byte = 0; byte < BYTES; byte += 1) {
    for (const [index, wanted] of bytes.entries()) {
      if (!isSame(byte, wanted)) continue;
      const place = byte * words * WORD + (index >> 3);
      data.writeUInt8(data.readUInt8(place) | (1 << (index & 7)), place);
    }
  }
  const kind = words === 1 ? (inPiece ? 'blockText' : 'text') : inPiece ? 'longBlockText' : 'longText';
  const last = 1n << BigInt((bytes.length - 1) % WORD_BITS);
  return { kind, first: from, second: to, credit: bytes.length, bytes: last, data };
}

/** Those that want all of the text in one piece of the packet's memory. */
export const inPieces: readonly TextAction[] = ['blockText', 'longBlockText'];
export const texts: readonly TextAction[] = ['text', 'longText', ...inPieces];
