import { closeSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { failure, flagsLine } from '../testing/failure.ts';
import { noBpf, skipNote } from '../testing/may-bpf.ts';
import { BPF_MAP_TYPE_ARRAY, createMap, type MapDefinition, updateElement } from './map.ts';
import { lookupElement } from './testing/lookup-element.ts';

const O_CLOEXEC = 0o2000000;
const array = { type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 4, name: 'array' };

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
    const flags = flagsLine(readFileSync(`/proc/self/fdinfo/${made(array)}`, 'utf8'));
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
  });

  test('array: all there from the start, nothing past the end', () => {
    const map = made(array);
    updateElement(map, key(3), value(9n));
    expect([0, 3, 4].map((index) => lookupElement(map, key(index), 8))).toEqual([value(0n), value(9n), undefined]);
    expect(failure(() => updateElement(map, key(4), value(9n)))).toBe('bpf E2BIG');
  });

  test.each([
    ['an unknown type', { ...array, type: 0xffff }, 'bpf EINVAL'],
    ['no elements', { ...array, maxEntries: 0 }, 'bpf EINVAL'],
    ['flags that arrays have none of', { ...array, flags: 1 }, 'bpf EINVAL'],
    ['a name of 16', { ...array, name: 'abcdefghijklmnop' }, 'bpf EINVAL'],
    ['a name with a blank', { ...array, name: 'a b' }, 'bpf EINVAL'],
    ['a name of 15', { ...array, name: 'a_c.efghijklmno' }, 'none'],
  ])('%s', (_, definition, expected) => {
    expect(failure(() => made(definition))).toBe(expected);
  });

  test('no map: EBADF, for a lookup too', () => {
    expect(failure(() => updateElement(-1, key(0), value(0n)))).toBe('bpf EBADF');
    expect(failure(() => lookupElement(-1, key(0), 8))).toBe('bpf EBADF');
  });
});
