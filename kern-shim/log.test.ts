import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LARGEST_LOG, openLog } from './log.ts';

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

  it('never gets much larger than it may, whoever else appends, and keeps its last lines', () => {
    const file = path.join(folder, 'log');
    fs.writeFileSync(file, `${'an old line\n'.repeat(LARGEST_LOG / 8)}`);
    const log = openLog(file);
    expect(fs.statSync(file).size).toBeLessThan(LARGEST_LOG / 2);
    const driver = fs.openSync(file, 'a');
    for (let number = 0; number < 20_000; number += 1) {
      log.write(`refused ${number} ${'x'.repeat(80)}`);
      if (number % 10 === 0) fs.writeSync(driver, `driver ${number}\n`);
      if (number % 1000 === 0) expect(fs.statSync(file).size).toBeLessThan(LARGEST_LOG + (1 << 17));
    }
    fs.closeSync(driver);
    fs.closeSync(log.fd);
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.at(-2)).toMatch(/refused 19999 x+$/);
    const numbers = lines.flatMap((line) => /refused (\d+) /.exec(line)?.[1] ?? []).map(Number);
    expect(numbers.length).toBeGreaterThan(500);
    // whole lines, in order, none left out
    expect(numbers).toEqual(numbers.map((_, at) => 20_000 - numbers.length + at));
    expect(lines.slice(0, -1).every((line) => /^(\d{4}-.* refused \d+ x{80}|driver \d+)$/.test(line))).toBe(true);
  });
});
