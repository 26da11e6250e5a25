import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dupCloexec } from './descriptor.ts';
import { tryLock, unlock } from './flock.ts';
import { failure } from './testing/failure.ts';

test('one open file holds the lock, with its duplicates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flock-'));
  const open = (): number => openSync(join(folder, 'lock'), 'a');
  const [first, second] = [open(), open()];
  expect(tryLock(first)).toBe(true);
  expect(tryLock(first)).toBe(true);
  expect(tryLock(second)).toBe(false);
  unlock(first);
  expect(tryLock(second)).toBe(true);
  const copy = dupCloexec(second);
  closeSync(second);
  expect(tryLock(first)).toBe(false); // the duplicate holds it on
  expect(tryLock(copy)).toBe(true);
  closeSync(copy);
  expect(tryLock(first)).toBe(true);
  closeSync(first);
  rmSync(folder, { recursive: true });
});

test('bad descriptors', () => {
  expect(failure(() => tryLock(-1))).toBe('flock EBADF');
  expect(failure(() => unlock(-1))).toBe('flock EBADF');
});
