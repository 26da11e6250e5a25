import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nftComment } from './comment-text.ts';

it.each([
  ['plain text stays', 'web, 2nd try', 'web, 2nd try'],
  ['double quotes become single ones', 'a "b"', "a 'b'"],
  ['control characters become spaces', 'a\nb\u001b[31m\u009bc', 'a b [31m c'],
  ['128 bytes fit', 'x'.repeat(128), 'x'.repeat(128)],
  ['more is cut', 'x'.repeat(129), `${'x'.repeat(125)}…`],
  ['characters are cut whole', 'é'.repeat(65), `${'é'.repeat(62)}…`],
])('%s', (_, text, comment) => expect(nftComment(text)).toBe(comment));

it('always fits and never prints a control character or a double quote', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const comment = nftComment(text);
      expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(128);
      expect(comment).not.toMatch(/\p{Cc}|"/u);
    }),
  );
});
