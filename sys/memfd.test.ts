import { closeSync, ftruncateSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MFD_CLOEXEC, memfdCreate, sealMemfd } from './memfd.ts';
import { failure, flagsLine } from './testing/failure.ts';

const O_CLOEXEC = 0o2000000;

test('a sealed memfd keeps its bytes', () => {
  const fd = memfdCreate('blob');
  writeSync(fd, 'before');
  sealMemfd(fd);
  expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe('/memfd:blob (deleted)');
  expect(flagsLine(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) & O_CLOEXEC).toBe(O_CLOEXEC);
  expect(() => writeSync(fd, 'after')).toThrow(/EPERM/);
  expect(() => ftruncateSync(fd, 0)).toThrow(/EPERM/);
  expect(readFileSync(`/proc/self/fd/${fd}`, 'utf8')).toBe('before');
  expect(failure(() => sealMemfd(fd))).toBe('fcntl EPERM');
  closeSync(fd);
});

test.each([
  ['a name past 249 bytes', () => memfdCreate('x'.repeat(250)), 'memfd_create EINVAL'],
  ['a name with a NUL', () => memfdCreate('a\0b'), 'memfd_create EINVAL'],
  ['unknown flags', () => memfdCreate('x', 0x8000), 'memfd_create EINVAL'],
  ['sealing one made without', () => sealMemfd(memfdCreate('x', MFD_CLOEXEC)), 'fcntl EPERM'],
  ['sealing no descriptor', () => sealMemfd(-1), 'fcntl EBADF'],
])('%s', (_, run, expected) => {
  expect(failure(run)).toBe(expected);
});
