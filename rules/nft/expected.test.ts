import { expect, test } from 'vitest';
import { emptyView } from '../blob/empty.ts';
import { rulesPerEntry } from './expected.ts';

test('every policy of a fresh table has one rule, the end of the table none', () => {
  expect([...rulesPerEntry(emptyView('filter'), {})]).toEqual([1, 1, 1, 0]);
  expect([...rulesPerEntry(emptyView('raw'), {})]).toEqual([1, 1, 0]);
});
