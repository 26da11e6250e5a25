import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from './log.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('the log of the shim', () => {
  it('has one line a record, whatever names come from a caller', () => {
    const file = path.join(folder, 'log');
    const terminal = path.join(folder, 'terminal');
    const log = openLog(file, fs.openSync(terminal, 'a'));
    const forged = '2026-01-01T00:00:00.000Z shim[1] all is well';
    log.write(`GET of "sh\n${forged}" (pid 5): \x1b]0;title\x07\x1b[2J refused\r${forged}`);
    const text = fs.readFileSync(file, 'utf8');
    expect(text).toMatch(/^\d{4}-[\dT:.-]+Z shim\[\d+\] GET of "sh \| 2026.*" \(pid 5\): \\x1b\]0;title\\x07\\x1b\[2J/);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.slice(0, -1)).not.toMatch(/\p{Cc}/u);
    expect(fs.readFileSync(terminal, 'utf8')).toBe(text);
    for (const fd of [log.fd, log.verboseFd]) if (fd !== undefined) fs.closeSync(fd);
  });
});
