import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dottedQuad, listedAddress, prefixLength, savedAddress } from './address.ts';
import { noNames } from './no-names.ts';

const quad = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const names = { ...noNames, address: (address: number) => (address === quad('127.0.0.0') ? 'loopback' : undefined) };

describe('an address in -L', () => {
  it.each([
    { address: '0.0.0.0', mask: '0.0.0.0', plain: 'anywhere', numeric: '0.0.0.0/0' },
    { address: '10.0.0.1', mask: '255.255.255.255', plain: '10.0.0.1', numeric: '10.0.0.1' },
    { address: '10.0.0.0', mask: '255.0.0.0', plain: '10.0.0.0/8', numeric: '10.0.0.0/8' },
    { address: '127.0.0.0', mask: '255.0.0.0', plain: 'loopback/8', numeric: '127.0.0.0/8' },
    { address: '127.0.0.0', mask: '255.255.255.255', plain: 'loopback', numeric: '127.0.0.0' },
    { address: '1.2.3.4', mask: '0.0.0.255', plain: '1.2.3.4/0.0.0.255', numeric: '1.2.3.4/0.0.0.255' },
    { address: '1.2.3.4', mask: '0.0.0.0', plain: 'anywhere', numeric: '1.2.3.4/0' },
  ])('$address/$mask is $plain, numeric $numeric', ({ address, mask, plain, numeric }) => {
    expect(listedAddress(quad(address), quad(mask), false, names)).toBe(plain);
    expect(listedAddress(quad(address), quad(mask), true, names)).toBe(numeric);
  });
});

describe('an address in -S', () => {
  it.each([
    { address: '0.0.0.0', mask: '0.0.0.0', inverted: false, text: '' },
    { address: '0.0.0.0', mask: '0.0.0.0', inverted: true, text: ' ! -s 0.0.0.0/0' },
    { address: '10.0.0.1', mask: '255.255.255.255', inverted: false, text: ' -s 10.0.0.1/32' },
    { address: '10.0.0.0', mask: '255.128.0.0', inverted: true, text: ' ! -s 10.0.0.0/9' },
    { address: '10.1.0.3', mask: '255.255.0.255', inverted: false, text: ' -s 10.1.0.3/255.255.0.255' },
    { address: '0.0.0.1', mask: '0.0.0.0', inverted: false, text: ' -s 0.0.0.1/0' },
  ])('$address/$mask (inverted: $inverted) is "$text"', ({ address, mask, inverted, text }) => {
    expect(savedAddress('-s', quad(address), quad(mask), inverted)).toBe(text);
  });
});

it('knows a prefix from its length', () => {
  for (let length = 0; length <= 32; length += 1) {
    expect(prefixLength(Number(((1n << BigInt(length)) - 1n) << BigInt(32 - length)))).toBe(length);
  }
});

it('finds no length for a mask with a hole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (mask) => {
      const contiguous = /^1*0*$/.test(mask.toString(2).padStart(32, '0'));
      return (prefixLength(mask) !== undefined) === contiguous;
    }),
  );
});

it('writes a quad that reads back', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (address) => quad(dottedQuad(address)) === address));
});
