import fc from 'fast-check';
import { expect } from 'vitest';
import { errnoOf } from '../../protocol/error.ts';
import type { CheckContext, MatchDefinition } from '../extension.ts';
import { checking } from './context.ts';

/** The errno that a match's or target's check answers; undefined when it takes the struct. */
export function checkErrno<Info>(
  { check }: Pick<MatchDefinition<Info>, 'check'>,
  info: Info,
  context: CheckContext = checking(),
): number | undefined {
  try {
    check(info, context);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/** A char array with a text in it, the rest NUL. */
export function room(length: number, text: string): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(text, 'latin1'));
  return bytes;
}

/** Every revision takes any bytes of its size, and writes them back as they were. */
export function expectRoundTrips<Info>({ revisions }: Pick<MatchDefinition<Info>, 'revisions'>): void {
  for (const { size, decode, encode } of Object.values(revisions)) {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (bytes) => {
        expect(Buffer.from(encode(decode(bytes))).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
      }),
      { numRuns: 50 },
    );
  }
}

/** Every revision writes these back as it read them, and refuses to read less. */
export function expectBytesKept<Info>(
  { revisions }: Pick<MatchDefinition<Info>, 'revisions'>,
  infos: readonly Info[],
): void {
  for (const { size, decode, encode } of Object.values(revisions)) {
    for (const info of infos) {
      const bytes = encode(info);
      expect(bytes.length).toBe(size);
      expect(encode(decode(bytes))).toEqual(bytes);
    }
    if (size > 0) expect(() => decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
  }
}
