import { describe, expect, it } from 'vitest';
import { harmless, oneLine } from './log-text.ts';

describe('text of a record', () => {
  it.each([
    { title: 'ends of lines', text: 'nft said:\n  no\r\nnever', expected: 'nft said: | no | never' },
    { title: 'a carriage return, which hides what stood before it', text: 'a\rb', expected: 'a\\x0db' },
    { title: 'colours, the title, the bell', text: '\x1b[31m\x1b]0;x\x07', expected: '\\x1b[31m\\x1b]0;x\\x07' },
    { title: 'sequences of one byte, as chain names have them', text: '\x9b31m\x85', expected: '\\x9b31m\\x85' },
    { title: 'tabs, NUL, delete', text: 'a\tb\0c\x7f', expected: 'a\\x09b\\x00c\\x7f' },
    { title: 'ends of lines of Unicode', text: 'a\u2028b\u2029c', expected: 'a\\u{2028}b\\u{2029}c' },
    { title: 'text that is turned round', text: '\u202egnp\u2066', expected: '\\u{202e}gnp\\u{2066}' },
    { title: 'letters of any language', text: 'Küche ж 漢 🙂', expected: 'Küche ж 漢 🙂' },
  ])('$title', ({ text, expected }) => {
    expect(oneLine(text)).toBe(expected);
    expect(harmless(text)).toBe(text.includes('\n') ? 'nft said:\n  no\\x0d\nnever' : expected);
  });
});
