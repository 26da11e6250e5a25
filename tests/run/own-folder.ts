import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** As withFolder, for a body that waits. */
export async function inOwnFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  try {
    await use(folder);
  } finally {
    // a driver that stands by may end a moment after the shim
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
