import { closeSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { failure, flagsLine } from '../testing/failure.ts';
import { noBpf, skipNote } from '../testing/may-bpf.ts';
import {
  BPF_F_MMAPABLE,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  createMap,
  type MapDefinition,
  updateBatch,
  updateElement,
} from './map.ts';
import { lookupElement } from './testing/lookup-element.ts';

const O_CLOEXEC = 0o2000000;
const hash = { type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 8, maxEntries: 4, name: 'hash' };
const array = { ...hash, type: BPF_MAP_TYPE_ARRAY, name: 'array' };

const open: number[] = [];
function made(definition: MapDefinition): number {
  const map = createMap(definition);
  open.push(map);
  return map;
}
afterEach(() => {
  for (const map of open.splice(0)) closeSync(map);
});

const key = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
const value = (...words: bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(words).buffer);

describe.skipIf(noBpf !== undefined)(`maps${skipNote(noBpf)}`, () => {
  test('a descriptor is closed on exec', () => {
    const flags = flagsLine(readFileSync(`/proc/self/fdinfo/${made(hash)}`, 'utf8'));
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
  });

  test('hash: put in, found, replaced, not there', () => {
    const map = made(hash);
    expect(lookupElement(map, key(7), 8)).toBe(undefined);
    updateElement(map, key(7), value(1n));
    expect(lookupElement(map, key(7), 8)).toEqual(value(1n));
    updateElement(map, key(7), value(2n << 40n));
    expect(lookupElement(map, key(7), 8)).toEqual(value(2n << 40n));
    for (const other of [1, 2, 3]) updateElement(map, key(other), value(0n));
    expect(failure(() => updateElement(map, key(8), value(3n)))).toBe('bpf E2BIG');
  });

  test('array: all there from the start, nothing past the end', () => {
    const map = made(array);
    updateElement(map, key(3), value(9n));
    expect([0, 3, 4].map((index) => lookupElement(map, key(index), 8))).toEqual([value(0n), value(9n), undefined]);
    expect(failure(() => updateElement(map, key(4), value(9n)))).toBe('bpf E2BIG');
  });

  test.each([array, hash])('batch into $name', (definition) => {
    const map = made(definition);
    updateBatch(map, key(0, 1, 2), value(5n, 6n, 7n), 3);
    expect([0, 1, 2].map((index) => lookupElement(map, key(index), 8))).toEqual([value(5n), value(6n), value(7n)]);
    updateBatch(map, key(0), value(9n), 0);
    expect(lookupElement(map, key(0), 8)).toEqual(value(5n));
  });

  test('a batch that stops says how far it came', () => {
    const map = made(array);
    let message = '';
    try {
      updateBatch(map, key(0, 1, 4, 2), value(1n, 2n, 3n, 4n), 4);
    } catch (error) {
      message = error instanceof BpfilterError ? error.message : String(error);
    }
    expect(message).toBe(`bpf: E2BIG (BPF_MAP_UPDATE_BATCH, fd ${map}, 2 of 4 went in)`);
    expect([1, 2].map((index) => lookupElement(map, key(index), 8))).toEqual([value(2n), value(0n)]);
    expect(() => updateBatch(-1, key(0), value(1n), 1)).toThrow(/EBADF.* 0 of 1 went in/);
  });

  test.each([
    ['an unknown type', { ...hash, type: 0xffff }, 'bpf EINVAL'],
    ['no elements', { ...hash, maxEntries: 0 }, 'bpf EINVAL'],
    ['a hash to be mapped', { ...hash, flags: BPF_F_MMAPABLE }, 'bpf EINVAL'],
    ['a name of 16', { ...hash, name: 'abcdefghijklmnop' }, 'bpf EINVAL'],
    ['a name with a blank', { ...hash, name: 'a b' }, 'bpf EINVAL'],
    ['a name of 15', { ...hash, name: 'a_c.efghijklmno' }, 'none'],
  ])('%s', (_, definition, expected) => {
    expect(failure(() => made(definition))).toBe(expected);
  });

  test('no map: EBADF, for a lookup too', () => {
    expect(failure(() => updateElement(-1, key(0), value(0n)))).toBe('bpf EBADF');
    expect(failure(() => lookupElement(-1, key(0), 8))).toBe('bpf EBADF');
    expect(failure(() => updateBatch(-1, key(0), value(0n), 1))).toBe('bpf EBADF');
  });
});
