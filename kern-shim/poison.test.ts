import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mbox_request } from '../protocol/mbox.ts';
import { addressOf } from '../sys/koffi.ts';
import type { Log } from './log.ts';
import { poisonKeeper } from './poison.ts';

const log: Log = { path: '', fd: -1, verboseFd: undefined, write: () => undefined };
let folder: string;
let memory: number;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  memory = fs.openSync('/proc/self/mem', 'r');
});
afterEach(() => {
  fs.closeSync(memory);
  fs.rmSync(folder, { recursive: true });
});

it('keeps eight requests, for the owner alone, and no more than 4 MiB of each', () => {
  const keep = poisonKeeper(folder, log);
  const bytes = Buffer.alloc(5 << 20, 0x5a);
  const request = { addr: addressOf(bytes), len: bytes.length, is_set: 1, cmd: 64, pid: process.pid };
  const passed = { descriptor: memory, readable: bytes.length, writable: bytes.length };
  for (let count = 0; count < 11; count += 1) keep(request, passed);
  const files = fs.readdirSync(folder).sort();
  expect(files).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `poison-${n}`));
  for (const file of files) {
    const { mode, size } = fs.statSync(path.join(folder, file));
    expect(mode & 0o777).toBe(0o600);
    expect(size).toBe(mbox_request.size + (4 << 20));
  }
});

it('keeps the message alone where the memory is none', () => {
  poisonKeeper(folder, log)({ addr: 1n, len: 100, is_set: 1, cmd: 64, pid: 1 });
  expect(fs.statSync(path.join(folder, 'poison-1')).size).toBe(mbox_request.size);
});
