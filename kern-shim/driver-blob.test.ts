import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { blobReader } from './driver-blob.ts';

test('the program is read once, and again when it is another one', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-blob-'));
  try {
    const file = path.join(folder, 'driver');
    fs.writeFileSync(file, 'one');
    const read = blobReader(file);
    const first = read();
    expect(Buffer.from(first).toString()).toBe('one');
    expect(read()).toBe(first);
    fs.writeFileSync(path.join(folder, 'next'), 'two');
    fs.renameSync(path.join(folder, 'next'), file);
    expect(Buffer.from(read()).toString()).toBe('two');
    fs.rmSync(file);
    expect(read).toThrow('ENOENT');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
