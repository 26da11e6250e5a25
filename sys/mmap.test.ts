import { closeSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memfdCreate } from './memfd.ts';
import { mapForGood, mapShared } from './mmap.ts';
import { failure } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

const page = 4096;

function memfd(size: number): number {
  const fd = memfdCreate('mapped');
  ftruncateSync(fd, size);
  return fd;
}

test('both ways, also after the descriptor is closed', () => {
  const fd = memfd(2 * page);
  const one = mapShared(fd, 2 * page, { writable: true });
  const other = mapShared(fd, page, { writable: false });
  expect([one.bytes.byteLength, other.bytes.byteLength]).toEqual([2 * page, page]);
  writeSync(fd, Buffer.from('ab'), 0, 2, 8);
  expect(new BigUint64Array(one.bytes)[1]).toBe(0x6261n);
  new BigUint64Array(one.bytes)[2] = 0x63n;
  const read = Buffer.alloc(1);
  readSync(fd, read, 0, 1, 16);
  expect(read.toString()).toBe('c');
  closeSync(fd);
  Atomics.add(new BigUint64Array(one.bytes), 2, 1n);
  expect(new Uint8Array(other.bytes)[16]).toBe(0x64);
  other.unmap();
  expect(new Uint8Array(one.bytes)[16]).toBe(0x64);
  one.unmap();
});

test('unmapping takes the memory away, once', () => {
  const fd = memfd(page);
  const mapped = (): number => readFileSync('/proc/self/maps', 'latin1').split('memfd:mapped').length - 1;
  for (let round = 0; round < 100; round++) {
    const first = mapShared(fd, page, { writable: true });
    expect(mapped()).toBe(1);
    first.unmap();
    expect(mapped()).toBe(0);
    const second = mapShared(fd, page, { writable: true }); // most likely at the same address
    first.unmap();
    expect(mapped()).toBe(1);
    second.unmap();
  }
  closeSync(fd);
});

test('for good: the bytes of a file', () => {
  const fd = openSync(import.meta.filename, 'r');
  const bytes = Buffer.from(mapForGood(fd, 100));
  closeSync(fd);
  expect(bytes.toString('latin1')).toBe(readFileSync(import.meta.filename, 'latin1').slice(0, 100));
});

test.each([
  ['no length', (fd: number) => mapShared(fd, 0, { writable: false }), 'mmap EINVAL'],
  ['no descriptor', () => mapShared(-1, page, { writable: false }), 'mmap EBADF'],
  ['no descriptor, for good', () => mapForGood(-1, page), 'mmap EBADF'],
])('%s', (_, map, expected) => {
  const fd = memfd(page);
  expect(failure(() => map(fd))).toBe(expected);
  closeSync(fd);
});

test('a write to what is mapped for reading only kills', () => {
  expect(() =>
    isolated(`
      import { openSync } from 'node:fs';
      import { mapForGood, mapShared } from './mmap.ts';
      const { bytes } = mapShared(openSync('/proc/self/exe', 'r'), 4096, { writable: false });
      new Uint8Array(bytes)[0] = 1;`),
  ).toThrow(expect.objectContaining({ signal: 'SIGSEGV' }));
});
