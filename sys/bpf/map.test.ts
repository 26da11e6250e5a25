import { closeSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { failure, flagsLine } from '../testing/failure.ts';
import { noBpf, skipNote } from '../testing/may-bpf.ts';
import {
  BPF_EXIST,
  BPF_F_NO_PREALLOC,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_NOEXIST,
  createMap,
  lookupElement,
  type MapDefinition,
  updateBatch,
  updateElement,
} from './map.ts';

const O_CLOEXEC = 0o2000000;
const hash = { type: BPF_MAP_TYPE_HASH, keySize: 4, valueSize: 8, maxEntries: 4, name: 'hash' };
const array = { ...hash, type: BPF_MAP_TYPE_ARRAY, name: 'array' };
const trie = { ...hash, type: BPF_MAP_TYPE_LPM_TRIE, keySize: 8, flags: BPF_F_NO_PREALLOC, name: 'trie' };

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
/** An LPM trie's key: the length of the prefix, then the address in network order. */
const prefix = (length: number, ...address: number[]): Uint8Array => Uint8Array.from([...key(length), ...address]);

describe.skipIf(noBpf !== undefined)(`maps${skipNote(noBpf)}`, () => {
  test('a descriptor is closed on exec', () => {
    const flags = flagsLine(readFileSync(`/proc/self/fdinfo/${made(hash)}`, 'utf8'));
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
  });

  test('hash: put in, found, replaced, not there', () => {
    const map = made(hash);
    expect(lookupElement(map, key(7), 8)).toBe(undefined);
    updateElement(map, key(7), value(1n), BPF_NOEXIST);
    expect(lookupElement(map, key(7), 8)).toEqual(value(1n));
    updateElement(map, key(7), value(2n << 40n), BPF_EXIST);
    expect(lookupElement(map, key(7), 8)).toEqual(value(2n << 40n));
    expect(failure(() => updateElement(map, key(7), value(3n), BPF_NOEXIST))).toBe('bpf EEXIST');
    expect(failure(() => updateElement(map, key(8), value(3n), BPF_EXIST))).toBe('bpf ENOENT');
  });

  test('array: all there from the start, nothing past the end', () => {
    const map = made(array);
    updateElement(map, key(3), value(9n));
    expect([0, 3, 4].map((index) => lookupElement(map, key(index), 8))).toEqual([value(0n), value(9n), undefined]);
    expect(failure(() => updateElement(map, key(4), value(9n)))).toBe('bpf E2BIG');
  });

  test('LPM trie: the longest prefix that covers an address', () => {
    const map = made(trie);
    updateElement(map, prefix(8, 10, 0, 0, 0), value(1n));
    updateElement(map, prefix(24, 10, 1, 2, 0), value(2n));
    expect(lookupElement(map, prefix(32, 10, 1, 2, 3), 8)).toEqual(value(2n));
    expect(lookupElement(map, prefix(32, 10, 1, 3, 3), 8)).toEqual(value(1n));
    expect(lookupElement(map, prefix(32, 11, 1, 2, 3), 8)).toBe(undefined);
  });

  test.each([array, hash])('batch into $name', (definition) => {
    const map = made(definition);
    expect(updateBatch(map, key(0, 1, 2), value(5n, 6n, 7n), 3)).toBe(3);
    expect([0, 1, 2].map((index) => lookupElement(map, key(index), 8))).toEqual([value(5n), value(6n), value(7n)]);
    expect(updateBatch(map, key(0), value(5n), 0)).toBe(0);
  });

  test('a batch into an LPM trie', () => {
    const map = made(trie);
    const keys = Buffer.concat([prefix(8, 10, 0, 0, 0), prefix(16, 10, 1, 0, 0)]);
    expect(updateBatch(map, keys, value(1n, 2n), 2)).toBe(2);
    expect(lookupElement(map, prefix(32, 10, 1, 3, 3), 8)).toEqual(value(2n));
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
    expect(() => updateBatch(map, key(0), value(1n), 1, 0x1000)).toThrow(/EINVAL.* 0 of 1 went in/);
  });

  test.each([
    ['an unknown type', { ...hash, type: 0xffff }, 'bpf EINVAL'],
    ['no elements', { ...hash, maxEntries: 0 }, 'bpf EINVAL'],
    ['a trie without its flag', { ...trie, flags: 0 }, 'bpf EINVAL'],
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
