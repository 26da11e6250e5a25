import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from '../../kern-shim/log.ts';
import { BpfilterModule } from '../../kern-shim/module.ts';
import { spawnHere } from '../../kern-shim/testing/spawn-here.ts';
import { nodeInterpreter, UsermodeDriver } from '../../kern-shim/usermode-driver.ts';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../../protocol/error.ts';

const GARBLED = 64;
const SOUND = 65;
const answer = 7;
const rounds = 48;

/**
 * A driver that answers GARBLED with anything, told by the request's `len` and by whether it is a replay: some bytes in
 * some pieces, and then it goes on, ends, closes its pipe or hangs. To all else it answers rightly.
 */
const program = `const fs = require('node:fs');
  const b = Buffer.alloc(24); const out = Buffer.alloc(4);
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  while (fs.readSync(0, b, 0, 24, null) === 24) {
    const cmd = b.readUInt32LE(16);
    if ((cmd & 0x7fffffff) !== ${GARBLED}) {
      out.writeInt32LE(cmd === 0 ? 0 : ${answer});
      fs.writeSync(1, out);
      continue;
    }
    let state = b.readUInt32LE(8) * 2 + (cmd >>> 31);
    const random = (bound) => { state = (Math.imul(state ^ (state >>> 13), 0x5bd1e995) + 0x6d2b79f5) | 0; return (state >>> 8) % bound; };
    random(2); random(2);
    const bytes = Buffer.alloc([4, 8, 4, 1, 3, 5, 40, 4096][random(8)]).map(() => random(256));
    if (random(2) === 0 && bytes.length >= 4) bytes.writeInt32LE(random(200) - 100, 0);
    const pieces = 1 + random(3);
    for (let piece = 0; piece < pieces; piece += 1) {
      const [from, to] = [piece, piece + 1].map((at) => Math.floor((bytes.length * at) / pieces));
      if (to > from) fs.writeSync(1, bytes, from, to - from);
      if (random(2) === 0) pause(1);
    }
    const then = random(8);
    if (then === 0) process.exit(random(2));
    if (then === 1) process.abort();
    if (then === 2) fs.closeSync(1);
    if (then === 3) for (;;) pause(1000);
  }`;

let folder: string;
let module: BpfilterModule;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  module = new BpfilterModule({
    newDriver: () => new UsermodeDriver('garbled_umd', spawnHere),
    blob: () => Buffer.from(program),
    interpreter: nodeInterpreter,
    env: {},
    log: openLog(path.join(folder, 'log')),
    deadlines: { start: 20_000, request: () => 2_000, stopped: 1_000, startPause: 10_000 },
    attempts: 2,
    now: () => performance.now(),
  });
});
afterEach(() => {
  module.unload();
  fs.rmSync(folder, { recursive: true });
});

const ask = (cmd: number, len: number): number => module.request({ addr: 0n, len, is_set: 0, cmd, pid: 1 }, undefined);

describe('garbage for answers', () => {
  it('is a status, or an errno of ours; the next request has its own answer; no descriptor stays', async () => {
    ask(SOUND, 0);
    const before = fs.readdirSync('/proc/self/fd').length;
    const outcomes = { answered: 0, failed: 0 };
    for (let round = 0; round < rounds; round += 1) {
      try {
        const status = ask(GARBLED, round);
        expect(Number.isInteger(status) && status >= -4095, `round ${round}: ${status}`).toBe(true);
        outcomes.answered += 1;
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(BpfilterError);
        expect([errno.EFAULT, errno.ETIMEDOUT]).toContain(errnoOf(error));
        outcomes.failed += 1;
      }
      // What it still says without being asked must not become somebody's answer.
      await new Promise((resolve) => setTimeout(resolve, 15));
      expect(ask(SOUND, 0), `after round ${round}`).toBe(answer);
    }
    expect(outcomes.answered).toBeGreaterThan(5);
    expect(module.status().restarts).toBeGreaterThan(rounds / 4);
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
    const said = fs.readFileSync(path.join(folder, 'log'), 'utf8');
    for (const words of ['more than one answer came', 'of 4 reply bytes came', 'no answer from the driver within'])
      expect(said).toContain(words);
  }, 180_000);
});
