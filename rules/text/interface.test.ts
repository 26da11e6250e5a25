import { describe, expect, it } from 'vitest';
import type { InterfaceMatch } from '../ir.ts';
import { anyHeader } from '../testing/header.ts';
import { interfaceColumns, savedInterface } from './interface.ts';
import { interfaceNamed } from './testing/rule.ts';

const full: InterfaceMatch = { name: new Uint8Array(16).fill(0x61), mask: new Uint8Array(16).fill(0xff) };

describe('the interface columns', () => {
  it.each([
    { title: 'any', incoming: '', outgoing: '', inverted: 0, text: ' any    any    ' },
    { title: 'names', incoming: 'lo', outgoing: 'eth0', inverted: 0, text: ' lo     eth0   ' },
    { title: 'inverted', incoming: 'lo', outgoing: 'eth0', inverted: 3, text: ' !lo    !eth0  ' },
    { title: 'inverted any', incoming: '', outgoing: '', inverted: 2, text: ' any    !any   ' },
    { title: 'wildcard', incoming: 'eth+', outgoing: '+', inverted: 0, text: ' eth+   +      ' },
    { title: 'long', incoming: 'averylongname15', outgoing: '', inverted: 1, text: ' !averylongname15 any    ' },
  ])('$title', ({ incoming, outgoing, inverted, text }) => {
    const header = {
      ...anyHeader,
      inInterface: interfaceNamed(incoming),
      outInterface: interfaceNamed(outgoing),
      inverted,
    };
    expect(interfaceColumns(header, false)).toBe(text);
    expect(interfaceColumns(header, true)).toBe(
      text.replaceAll('any', '*').replace(/\*( +)/g, (_, gap: string) => `*${gap}  `),
    );
  });

  it('runs a name without end into the next field, up to 17 characters', () => {
    const header = { ...anyHeader, inInterface: full, outInterface: interfaceNamed('b0') };
    expect(interfaceColumns(header, true)).toBe(` ${'a'.repeat(16)}b b0     `);
  });
});

describe('an interface in -S', () => {
  it.each([
    { name: '', inverted: false, text: '' },
    { name: 'eth0', inverted: false, text: ' -i eth0' },
    { name: 'eth0', inverted: true, text: ' ! -i eth0' },
    { name: 'eth+', inverted: false, text: ' -i eth+' },
    { name: 'a', inverted: false, text: ' -i a' },
  ])('$name (inverted: $inverted)', ({ name, inverted, text }) => {
    expect(savedInterface('-i', interfaceNamed(name), inverted)).toBe(text);
  });

  it('says nothing of a lone +, whose mask is empty', () => {
    expect(savedInterface('-o', { ...interfaceNamed('+'), mask: new Uint8Array(16) }, false)).toBe('');
  });

  it('writes a name that fills its room', () => {
    expect(savedInterface('-o', full, false)).toBe(` -o ${'a'.repeat(16)}`);
  });
});
