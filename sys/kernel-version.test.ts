import os from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { isKernelSince } from './kernel-version.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['6.15.0', true],
  ['6.18-rc3', true],
  ['7.0.1-custom', true],
  ['6.14.11-200.fc41.x86_64', false],
  ['5.19.0', false],
  ['nonsense', false],
])('a kernel that says %s is 6.15 or later: %s', (release, expected) => {
  vi.spyOn(os, 'release').mockReturnValue(release);
  expect(isKernelSince(6, 15)).toBe(expected);
});
