import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { array, be16, be32, bytes, cstring, defineStruct, i32, u8, u16, u32, u64, type ValueOf } from './struct.ts';

const inner = defineStruct('inner', 'test.h', { flag: u8, wide: u64 });
/** Every field type, with gaps inside and behind. */
const outer = defineStruct('outer', 'test.h', {
  first: u8,
  port: be16,
  address: be32,
  half: u16,
  word: u32,
  signed: i32,
  raw: bytes(3),
  name: cstring(5),
  pair: array(u16, 2),
  unions: array(bytes(4), 2),
  nested: inner,
  list: array(inner, 2),
  last: u8,
});
type Outer = ValueOf<typeof outer>;

const u16s = fc.integer({ min: 0, max: 0xffff });
const u32s = fc.integer({ min: 0, max: 0xffff_ffff });
const u8s = fc.integer({ min: 0, max: 0xff });
const u64s = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const inners = fc.record({ flag: u8s, wide: u64s });
const outers: fc.Arbitrary<Outer> = fc.record({
  first: u8s,
  port: u16s,
  address: u32s,
  half: u16s,
  word: u32s,
  signed: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  raw: bytesOf(3),
  name: fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 5 }).map((codes) => String.fromCharCode(...codes)),
  pair: fc.tuple(u16s, u16s),
  unions: fc.tuple(bytesOf(4), bytesOf(4)),
  nested: inners,
  list: fc.tuple(inners, inners),
  last: u8s,
});

const zero: Outer = outer.read(new Uint8Array(outer.size));

describe('layout', () => {
  it('follows the C ABI', () => {
    expect(outer.offsets).toEqual({
      first: 0,
      port: 2,
      address: 4,
      half: 8,
      word: 12,
      signed: 16,
      raw: 20,
      name: 23,
      pair: 28,
      unions: 32,
      nested: 40,
      list: 56,
      last: 88,
    });
    expect([outer.size, outer.align]).toEqual([96, 8]);
  });

  it('takes a wider alignment for what ends in a flexible array', () => {
    expect(defineStruct('head', 'test.h', { count: u32 }, { align: 8 }).size).toBe(8);
  });

  it.each([0, -1, 1.5])('refuses an array of %s', (count) => {
    expect(() => array(u8, count)).toThrow(/wanted a length of 1 or more/);
  });
});

describe('read', () => {
  it('knows byte orders, signs and where a text ends', () => {
    const found = defineStruct('order', 'test.h', {
      port: be16,
      half: u16,
      address: be32,
      signed: i32,
      name: cstring(4),
    });
    const data = Uint8Array.of(0, 80, 80, 0, 127, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0x61, 0xe9, 0, 0x7a);
    expect(found.read(data)).toEqual({ port: 80, half: 80, address: 0x7f000001, signed: -2, name: 'aé' });
  });

  it('gives a whole room as text when no NUL ends it', () => {
    expect(defineStruct('text', 'test.h', { name: cstring(3) }).read(Uint8Array.of(97, 98, 99))).toEqual({
      name: 'abc',
    });
  });

  it.each([
    ['Uint8Array', (size: number) => new Uint8Array(size)],
    ['Buffer', (size: number) => Buffer.alloc(size)],
  ] as const)('copies what it reads from a %s', (_kind, allocate) => {
    const memory = allocate(outer.size);
    const found = outer.read(memory);
    memory.fill(0xff);
    expect(found).toEqual(zero);
    expect(found.raw.constructor).toBe(Uint8Array);
  });

  it('reads a part of a larger memory', () => {
    const memory = new Uint8Array([9, 9, 1, 0, 0, 0, 9]).subarray(1);
    expect(defineStruct('word', 'test.h', { word: u32 }).read(memory, 1)).toEqual({ word: 1 });
  });

  it.each([
    ['too short', 3, 0, /^word at offset 0: wanted 4 bytes, found 3$/],
    ['past the end', 8, 5, /^word at offset 5: wanted 4 bytes, found 3$/],
    ['far past the end', 8, 50, /^word at offset 50: wanted 4 bytes, found 0$/],
    ['before the start', 8, -1, /^word at offset -1: wanted 4 bytes/],
    ['between bytes', 8, 0.5, /^word at offset 0.5: wanted 4 bytes/],
    ['nowhere', 8, Number.NaN, /^word at offset NaN: wanted 4 bytes/],
  ])('refuses what is %s', (_what, length, offset, message) => {
    const word = defineStruct('word', 'test.h', { word: u32 });
    const memory = new Uint8Array(length);
    const malformed = expect.objectContaining({ code: 'malformed', message: expect.stringMatching(message) });
    expect(() => word.read(memory, offset)).toThrow(malformed);
    expect(() => word.write({ word: 1 }, memory, offset)).toThrow(malformed);
  });
});

describe('write', () => {
  it('zeroes the padding and touches nothing outside', () => {
    const memory = new Uint8Array(inner.size + 2).fill(0xff);
    expect(inner.write({ flag: 7, wide: 1n }, memory, 1)).toBe(memory);
    expect(Array.from(memory)).toEqual([0xff, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xff]);
  });

  it.each<[string, Partial<Outer>, RegExp]>([
    ['u8 too large', { first: 256 }, /^outer\.first: wanted an integer from 0 to 255, found 256$/],
    ['u8 negative', { first: -1 }, /^outer\.first/],
    ['a fraction', { half: 0.5 }, /^outer\.half/],
    ['be16 too large', { port: 65536 }, /^outer\.port/],
    ['be32 negative', { address: -1 }, /^outer\.address/],
    ['i32 too large', { signed: 2 ** 31 }, /^outer\.signed/],
    ['u64 too large', { nested: { flag: 0, wide: 1n << 64n } }, /^inner\.wide: wanted a bigint from 0 to 2\^64-1/],
    ['u64 negative', { nested: { flag: 0, wide: -1n } }, /^inner\.wide/],
    ['bytes too few', { raw: new Uint8Array(2) }, /^outer\.raw: wanted 3 bytes, found 2$/],
    ['bytes too many', { raw: new Uint8Array(4) }, /^outer\.raw/],
    ['text too long', { name: 'abcdef' }, /^outer\.name: wanted at most 5 characters, found 6$/],
    ['text past latin1', { name: 'ab€' }, /^outer\.name: wanted latin1 text without NUL/],
    ['text with NUL', { name: 'a\0b' }, /^outer\.name: wanted latin1 text without NUL/],
    ['an element too large', { pair: [0, 65536] }, /^outer\.pair/],
    ['elements too few', { pair: [0] as unknown as Outer['pair'] }, /^outer\.pair: wanted 2 elements, found 1$/],
  ])('refuses %s', (_what, change, message) => {
    expect(() => outer.write({ ...zero, ...change })).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringMatching(message) }),
    );
  });
});

describe('round trips', () => {
  it('what was written is read', () => {
    fc.assert(
      fc.property(outers, fc.nat(9), (value, offset) => {
        const memory = new Uint8Array(outer.size + 9);
        expect(outer.read(outer.write(value, memory, offset), offset)).toEqual(value);
      }),
    );
  });

  it('what was read is written, but for padding and what stands behind a NUL', () => {
    fc.assert(
      fc.property(bytesOf(outer.size), (memory) => {
        const once = outer.write(outer.read(memory));
        expect(outer.write(outer.read(once))).toEqual(once);
        const { address, list } = outer.offsets;
        expect(once.subarray(address, address + 4)).toEqual(memory.subarray(address, address + 4));
        expect(once.subarray(list + 8, list + 17)).toEqual(memory.subarray(list + 8, list + 17));
      }),
    );
  });
});
