import { closeSync, readFileSync, readSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dup2, dupCloexec, setCloexec, setNonblock } from './descriptor.ts';
import { pipe2, setPipeSize } from './pipe.ts';
import { failure, flagsLine } from './testing/failure.ts';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const flags = (fd: number): number =>
  flagsLine(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) & (O_NONBLOCK | O_CLOEXEC);

test('a pipe carries bytes one way and closes on exec', () => {
  const { read, write } = pipe2();
  const buffer = Buffer.alloc(8);
  writeSync(write, 'hello');
  expect(readSync(read, buffer)).toBe(5);
  expect(buffer.toString('utf8', 0, 5)).toBe('hello');
  expect(() => writeSync(read, 'x')).toThrow(/EBADF/);
  expect([flags(read), flags(write)]).toEqual([O_CLOEXEC, O_CLOEXEC]);
  closeSync(write);
  expect(readSync(read, buffer)).toBe(0);
  closeSync(read);
});

test('flags go on and off, one by one', () => {
  const { read, write } = pipe2();
  setNonblock(read, true);
  expect(flags(read)).toBe(O_NONBLOCK | O_CLOEXEC);
  expect(() => readSync(read, Buffer.alloc(1))).toThrow(/EAGAIN/);
  setCloexec(read, false);
  expect(flags(read)).toBe(O_NONBLOCK);
  setNonblock(read, false);
  expect(flags(read)).toBe(0);
  setCloexec(read, true);
  expect(flags(read)).toBe(O_CLOEXEC);
  closeSync(read);
  closeSync(write);
});

test('duplicates share the open file', () => {
  const { read, write } = pipe2();
  const copy = dupCloexec(write);
  expect(copy).toBeGreaterThan(2);
  expect(flags(copy)).toBe(O_CLOEXEC);
  const other = pipe2();
  dup2(write, other.write); // the other pipe's writing end is closed by this
  expect(flags(other.write)).toBe(0);
  writeSync(copy, 'a');
  writeSync(other.write, 'b');
  const buffer = Buffer.alloc(2);
  expect(readSync(read, buffer) && buffer.toString()).toBe('ab');
  expect(readSync(other.read, buffer)).toBe(0);
  for (const fd of [read, write, copy, other.read, other.write]) closeSync(fd);
});

test('a pipe grows to a whole number of pages', () => {
  const { read, write } = pipe2();
  expect(setPipeSize(write, 200_000)).toBe(262_144);
  expect(failure(() => setPipeSize(write, -1))).toMatch(/^fcntl E(INVAL|PERM)$/);
  closeSync(read);
  closeSync(write);
});

test.each([
  ['fcntl EBADF', () => setNonblock(-1, true)],
  ['fcntl EBADF', () => setCloexec(-1, true)],
  ['fcntl EBADF', () => dupCloexec(-1)],
  ['dup2 EBADF', () => dup2(-1, 100)],
  ['fcntl EBADF', () => setPipeSize(-1, 4096)],
])('a bad descriptor is %s', (expected, run) => {
  expect(failure(run)).toBe(expected);
});
