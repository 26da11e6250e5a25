import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { parseCpuList, possibleCpus } from './possible-cpus.ts';

test.each([
  ['0\n', [0]],
  ['0-1\n', [0, 1]],
  ['0-2,5,7-8', [0, 1, 2, 5, 7, 8]],
])('%s', (text, expected) => {
  expect(parseCpuList(text)).toEqual(expected);
});

test.each(['', '\n', 'all', '0-', '0,,1', '-1', '1e9'])('"%s" is no list', (text) => {
  expect(() => parseCpuList(text)).toThrow(/expected numbers/);
});

test('of this machine: at least those that run', () => {
  expect(possibleCpus().length).toBeGreaterThanOrEqual(cpus().length);
});
