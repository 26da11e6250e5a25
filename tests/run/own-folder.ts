import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeFolder } from '../harness/ways.ts';

/** As withFolder, for a body that waits. */
export async function inOwnFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  try {
    await use(folder);
  } finally {
    removeFolder(folder);
  }
}
