import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitsForDestructors } from './destructor-wait.ts';

describe('whether the kernel waits for what was taken out of force', () => {
  let folder = '';
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    const one = path.join(folder, name);
    fs.writeFileSync(one, text);
    return one;
  };

  test.each([
    ['by its name', 'a\0nf_tables_trans_destroy_flush_work\0b', true],
    [
      'not by a longer name',
      'a\0nf_tables_trans_destroy_flush_work2\0b\0__nf_tables_trans_destroy_flush_work\0',
      false,
    ],
    ['nothing of it', 'a\0b', false],
  ])('%s', (name, text, waits) => {
    expect(waitsForDestructors([file(name, text)])).toBe(waits);
    expect(waitsForDestructors([path.join(folder, 'none'), file(name, text)])).toBe(waits);
  });

  test('a kernel that tells nothing is not believed', () => {
    expect(waitsForDestructors([path.join(folder, 'none')])).toBe(false);
    expect(waitsForDestructors([])).toBe(false);
  });
});
