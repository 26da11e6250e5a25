import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import type { MboxRequest } from '../protocol/mbox.ts';
import { closeFd } from '../sys/descriptor.ts';
import { pidfdOpen } from '../sys/pidfd.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import { isStopped } from './deadline.ts';
import { HelperGate } from './helper-gate.ts';
import { type Log, openLog } from './log.ts';
import { BpfilterModule, type ModuleOptions } from './module.ts';
import { errnoOfCall } from './testing/errno-of-call.ts';
import { spawnHere } from './testing/spawn-here.ts';
import { type GatePass, nodeInterpreter, UsermodeDriver } from './usermode-driver.ts';

/** Answers `len` as the status; 1001 hangs, 1002 exits, 1003 answers two bytes. */
const selfTest = fs.readFileSync(new URL('../tests/self-test-driver/driver.cjs', import.meta.url));

/** The clock can be moved on; waits themselves are real. */
let skipped = 0;
/** What the clock shows where it was stopped: a busy machine takes as long as it likes between two steps. */
let stopped: number | undefined;
let folder: string;
let log: Log;
const modules: BpfilterModule[] = [];
const deadlines = { start: 5_000, request: () => 400, stopped: 150, startPause: 10_000 };

function newModule(
  blob: Uint8Array,
  attempts = 2,
  {
    gate,
    ...more
  }: Pick<Partial<ModuleOptions>, 'standby' | 'keepPoison' | 'deadlines'> & { readonly gate?: GatePass } = {},
): BpfilterModule {
  const module = new BpfilterModule({
    newDriver: () => new UsermodeDriver('self_test_umd', spawnHere, gate),
    blob: () => blob,
    interpreter: nodeInterpreter,
    env: {},
    log,
    deadlines,
    attempts,
    now: () => (stopped ?? performance.now()) + skipped,
    ...more,
  });
  modules.push(module);
  return module;
}

function asking(len: number): MboxRequest {
  return { addr: 0n, len, is_set: 0, cmd: 64, pid: 1 };
}

function logText(): string {
  return fs.readFileSync(log.path, 'utf8');
}

beforeEach(() => {
  skipped = 0;
  stopped = undefined;
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-module-'));
  log = openLog(path.join(folder, 'log'));
});

afterEach(() => {
  for (const module of modules.splice(0)) module.unload();
  fs.closeSync(log.fd);
  fs.rmSync(folder, { recursive: true });
});

describe('the module', () => {
  test('is up only once the driver has answered the empty request', () => {
    const module = newModule(selfTest);
    module.load();
    expect(logText()).toMatch(new RegExp(`Loaded self_test_umd pid ${module.status().pid}\n`));
    expect(module.request(asking(5), undefined)).toBe(5);
  });

  test.each([
    {
      case: 'answers the health check with another status',
      blob: 'fs.readSync(0, b); fs.writeSync(1, Buffer.from([1,0,0,0])); for(;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)',
    },
    { case: 'exits at once', blob: 'process.exit(0)' },
    {
      case: 'closes its pipes and lives on',
      blob: 'fs.closeSync(0); fs.closeSync(1); for(;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)',
    },
  ])('a driver that $case is EFAULT, killed, and not started again within the pause', ({ blob }) => {
    const module = newModule(Buffer.from(`const fs = require('node:fs'); const b = Buffer.alloc(24); ${blob}`));
    const before = fs.readdirSync('/proc/self/fd').length;
    expect(errnoOfCall(() => module.load())).toBe(errno.EFAULT);
    expect(errnoOfCall(() => module.request(asking(1), undefined))).toBe(errno.EFAULT);
    expect(module.status()).toMatchObject({ pid: undefined, restarts: 0 });
    skipped += 10_001;
    expect(errnoOfCall(() => module.load())).toBe(errno.EFAULT);
    expect(module.status().restarts).toBe(1);
    // The blob's memfd is the one descriptor that stays.
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before + 1);
  });

  test('a driver killed between requests is started again by the next one, which succeeds', () => {
    const module = newModule(selfTest);
    expect(module.request(asking(1), undefined)).toBe(1);
    const killed = module.killDriver();
    expect(module.status().pid).toBeUndefined();
    expect(module.request(asking(2), undefined)).toBe(2);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 0, deaths: 1 });
    expect(module.status().recoveryMs).toEqual([expect.any(Number)]);
    expect(module.request(asking(3), undefined)).toBe(3);
    expect(module.status().recoveryMs.length).toBe(1);
    expect(logText()).toContain(
      `self_test_umd pid ${killed} has exited (it was killed by signal 9): starting it again`,
    );
  });

  test.each([
    { case: 'hangs', length: 1001, want: errno.ETIMEDOUT },
    { case: 'exits', length: 1002, want: errno.EFAULT },
    { case: 'answers short', length: 1003, want: errno.EFAULT },
  ])(
    'drivers that $case in a request, all of them: an errno for this caller, and the next request works',
    ({ length, want }) => {
      const module = newModule(selfTest);
      const before = module.request(asking(1), undefined);
      expect(before).toBe(1);
      expect(errnoOfCall(() => module.request(asking(length), undefined))).toBe(want);
      expect(module.request(asking(3), undefined)).toBe(3);
      expect(module.status()).toMatchObject({ restarts: 2, failures: 1, requests: 3 });
    },
  );

  test('a driver that hangs is replaced once, however often one that dies would be', () => {
    const module = newModule(selfTest, 4);
    expect(errnoOfCall(() => module.request(asking(1001), undefined))).toBe(errno.ETIMEDOUT);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 1 });
    expect(errnoOfCall(() => module.request(asking(1002), undefined))).toBe(errno.EFAULT);
    // a hang and a death are its own faults: the second one is the last
    expect(module.status()).toMatchObject({ restarts: 3, failures: 2 });
  });

  test('a driver that takes no memory is replaced once no more can be passed, and nobody waits for it', () => {
    const module = newModule(selfTest);
    const memory = { descriptor: fs.openSync('/proc/self/mem', 'r'), readable: 0, writable: 0 };
    try {
      for (let round = 0; round < 600; round += 1) expect(module.request(asking(5), memory)).toBe(5);
    } finally {
      fs.closeSync(memory.descriptor);
    }
    const { restarts, failures } = module.status();
    expect(restarts).toBeGreaterThan(0);
    expect(failures).toBe(0);
  });

  test('a stopped driver is killed long before the deadline of the request, and its successor answers', () => {
    // longer than this test may take
    const module = newModule(selfTest, 2, { deadlines: { ...deadlines, request: () => 300_000 } });
    module.load();
    process.kill(module.status().pid ?? 0, 'SIGSTOP');
    expect(module.request(asking(4), undefined)).toBe(4);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 0 });
    expect(logText()).toContain('the driver is stopped');
  });

  test.each([
    { case: 'exits', how: 'process.exit(3)' },
    { case: 'aborts', how: 'process.abort()' },
    { case: 'answers two bytes', how: 'fs.writeSync(1, b.subarray(0, 2))' },
    { case: 'answers twice', how: 'fs.writeSync(1, Buffer.alloc(8))' },
    { case: 'closes its reply pipe', how: 'fs.closeSync(1)' },
  ])('a request whose driver $case is carried through by the successor, marked as a replay', ({ how }) => {
    const blob = `const fs = require('node:fs'); const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      for (;;) {
        if (fs.readSync(0, b, 0, 24, null) !== 24) break;
        const cmd = b.readUInt32LE(16);
        if (cmd === 64) { ${how}; continue; }
        out.writeInt32LE(cmd === 0 ? 0 : cmd >>> 31, 0);
        fs.writeSync(1, out);
      }`;
    const module = newModule(Buffer.from(blob));
    expect(module.request(asking(9), undefined)).toBe(1);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 0, requests: 1 });
  });

  test('a request says which one it is: its replay the same, the next one, word for word alike, another', () => {
    const notes = path.join(folder, 'notes');
    const blob = `const fs = require('node:fs'); const b = Buffer.alloc(24); const note = Buffer.alloc(24);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        if (b.readUInt32LE(16) !== 0) {
          fs.readSync(4, note);
          const isFirst = !fs.existsSync('${notes}');
          fs.appendFileSync('${notes}', note.readBigUInt64LE(16) + ' ');
          if (isFirst) process.exit(1);
        }
        fs.writeSync(1, Buffer.alloc(4));
      }`;
    const module = newModule(Buffer.from(blob));
    const memory = { descriptor: log.fd, readable: 0, writable: 0 };
    for (const _ of [1, 2]) expect(module.request(asking(1), memory)).toBe(0);
    const [first, replay, second] = fs.readFileSync(notes, 'utf8').trim().split(' ').map(BigInt);
    expect(first).toBeGreaterThan(0n);
    expect([replay, second]).toEqual([first, (first ?? 0n) + 1n]);
  });

  test('a request that a serving thread before has had is a replay from the start, by the number that it had', () => {
    const blob = `const fs = require('node:fs'); const b = Buffer.alloc(24); const note = Buffer.alloc(24);
      const out = Buffer.alloc(4);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        if (b.readUInt32LE(16) !== 0) {
          fs.readSync(4, note);
          out.writeInt32LE(2 * Number(note.readBigUInt64LE(16)) + (b.readUInt32LE(16) >>> 31));
        }
        fs.writeSync(1, out);
      }`;
    const module = newModule(Buffer.from(blob));
    const memory = { descriptor: log.fd, readable: 0, writable: 0 };
    expect(module.request(asking(1), memory, { sequence: 7n, isReplay: true })).toBe(15);
    expect(module.request(asking(1), memory, { sequence: 8n })).toBe(16);
  });

  test("what a driver says between requests is nobody's answer", async () => {
    const said = path.join(folder, 'said');
    const blob = `const fs = require('node:fs'); const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        out.writeUInt32LE(b.readUInt32LE(8));
        fs.writeSync(1, out);
        if (b.readUInt32LE(8) !== 77) continue;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        fs.writeSync(1, Buffer.alloc(4));
        fs.writeFileSync(${JSON.stringify(said)}, '');
      }`;
    const module = newModule(Buffer.from(blob));
    expect(module.request(asking(77), undefined)).toBe(77);
    while (!fs.existsSync(said)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(module.request(asking(5), undefined)).toBe(5);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 0 });
    expect(logText()).toContain('the driver answers what nobody has asked');
  });

  test('a request whose drivers end by their own doing is poison after the second, and kept', () => {
    const kept: MboxRequest[] = [];
    const module = newModule(selfTest, 8, { keepPoison: (request) => kept.push(request) });
    expect(errnoOfCall(() => module.request(asking(1002), undefined))).toBe(errno.EFAULT);
    expect(kept).toEqual([asking(1002)]);
    expect(module.status()).toMatchObject({ failures: 1, restarts: 1 });
    expect(module.request(asking(3), undefined)).toBe(3);
    expect(kept).toHaveLength(1);
  });

  test('a request whose drivers are killed by somebody is tried as often as allowed, and no poison', () => {
    const kept: MboxRequest[] = [];
    const blob = `const fs = require('node:fs'); const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        if (b.readUInt32LE(16) !== 0) process.kill(process.pid, 'SIGKILL');
        fs.writeSync(1, out);
      }`;
    const module = newModule(Buffer.from(blob), 4, { keepPoison: (request) => kept.push(request) });
    expect(errnoOfCall(() => module.request(asking(1), undefined))).toBe(errno.EFAULT);
    expect(module.status()).toMatchObject({ failures: 1, restarts: 3 });
    expect(kept).toEqual([]);
  });

  test.each(['SIGKILL', 'SIGSTOP'])(
    'a driver that gets %s while it starts is no failure of the request: another is started at once',
    (signal) => {
      const mark = path.join(folder, 'started');
      const blob = `const fs = require('node:fs');
      if (!fs.existsSync('${mark}')) { fs.writeFileSync('${mark}', ''); process.kill(process.pid, '${signal}'); }
      const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        out.writeInt32LE(b.readUInt32LE(16) >>> 31, 0);
        fs.writeSync(1, out);
      }`;
      const module = newModule(Buffer.from(blob));
      // 0: no replay, as no driver has seen the request before.
      expect(module.request(asking(9), undefined)).toBe(0);
      expect(module.status()).toMatchObject({ restarts: 1, failures: 0, requests: 1 });
    },
  );

  test('a driver that always dies while it starts is tried as often as a request may be, then left alone for the pause', () => {
    const module = newModule(Buffer.from('process.exit(0)'));
    expect(errnoOfCall(() => module.request(asking(1), undefined))).toBe(errno.EFAULT);
    expect(errnoOfCall(() => module.request(asking(1), undefined))).toBe(errno.EFAULT);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 2 });
  });

  test('while no process may be started, a request waits as long as its caller does, and the next one for no pause', () => {
    const gate = new HelperGate();
    const module = newModule(selfTest, 2, { gate: { gate, timeoutMs: 5_000 } });
    gate.disable();
    const end = performance.now() + 120;
    expect(errnoOfCall(() => module.request(asking(1), undefined, { isWanted: () => performance.now() < end }))).toBe(
      errno.ESRCH,
    );
    expect(performance.now() - end).toBeLessThan(2_000);
    gate.enable();
    expect(module.request(asking(2), undefined)).toBe(2);
    expect(module.status()).toMatchObject({ failures: 1, deaths: 0, restarts: 0 });
  });

  test.each([0, 60])(
    'a request that may start no process for %d ms is EBUSY, and the next one waits for no pause',
    (ms) => {
      const gate = new HelperGate();
      const module = newModule(selfTest, 2, { gate: { gate, timeoutMs: ms } });
      gate.disable();
      expect(errnoOfCall(() => module.request(asking(1), undefined))).toBe(errno.EBUSY);
      gate.enable();
      expect(module.request(asking(2), undefined)).toBe(2);
    },
  );

  test('unload ends the driver and gives everything back; the next request loads it again', () => {
    const before = fs.readdirSync('/proc/self/fd').length;
    const module = newModule(selfTest);
    for (let round = 0; round < 10; round += 1) {
      expect(module.request(asking(round), undefined)).toBe(round);
      const pid = module.status().pid;
      module.unload();
      expect(fs.existsSync(`/proc/${pid}/fd/0`)).toBe(false);
    }
    expect(module.status().loaded).toBe(false);
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('the standby', () => {
  const warmUp: MboxRequest = { addr: 0n, len: 0, is_set: 0, cmd: 4, pid: 0 };
  const standby = { afterMs: 0, warmUp };

  /** A module whose standby runs. */
  function withStandby(): BpfilterModule {
    const module = newModule(selfTest, 2, { standby });
    expect(module.request(asking(1), undefined)).toBe(1);
    expect(module.tend(true)).toBeGreaterThan(0);
    expect(module.status().standby).toBeGreaterThan(0);
    return module;
  }

  test('takes over from a driver that was killed, and another one stands behind it then', () => {
    stopped = performance.now();
    const module = withStandby();
    const { standby: second } = module.status();
    const killed = module.killDriver();
    expect(module.request(asking(2), undefined)).toBe(2);
    expect(module.status()).toMatchObject({ pid: second, restarts: 1, failures: 0, standby: undefined });
    // requests come first
    expect(module.tend(false)).toBeGreaterThan(1);
    expect(logText()).not.toContain('takes over');
    expect(module.tend(true)).toBeGreaterThan(1);
    expect(logText()).toContain(`pid ${killed} has exited (it was killed by signal 9): its standby takes over`);
    expect(logText().indexOf('takes over')).toBeLessThan(logText().indexOf(`pid ${second} has taken over`));
    expect(module.status().standby).toBeUndefined();
    skipped += 1_000;
    module.tend(true);
    expect(module.status().standby).toBeGreaterThan(0);
    module.killDriver();
    expect(module.request(asking(3), undefined)).toBe(3);
  });

  test.each([
    { case: 'among requests, after a while', after: 51, clear: (module: BpfilterModule) => module.tend(false) },
    { case: 'when nobody waits', after: 0, clear: (module: BpfilterModule) => module.tend(true) },
    { case: 'by unloading', after: 0, clear: (module: BpfilterModule) => module.unload() },
  ])('what is left of the driver before it is cleared away $case', ({ after, clear }) => {
    const before = fs.readdirSync('/proc/self/fd').length;
    stopped = performance.now();
    const module = withStandby();
    const killed = module.killDriver();
    expect(module.request(asking(2), undefined)).toBe(2);
    const open = fs.readdirSync('/proc/self/fd').length;
    skipped += after;
    clear(module);
    expect(fs.readdirSync('/proc/self/fd').length).toBeLessThan(open);
    expect(logText()).toContain(`pid ${killed} has exited (it was killed by signal 9): its standby takes over`);
    module.unload();
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
  });

  test('carries a request on whose driver dies of it', () => {
    const module = withStandby();
    expect(errnoOfCall(() => module.request(asking(1002), undefined))).toBe(errno.EFAULT);
    expect(module.status()).toMatchObject({ restarts: 1, failures: 1 });
    expect(module.request(asking(4), undefined)).toBe(4);
  });

  test('that was shown the tables long after its start is given time to answer', () => {
    const slow = `const fs = require('node:fs'); const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        if (b.readUInt32LE(16) === 4) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        out.writeInt32LE(b.readUInt32LE(8), 0);
        fs.writeSync(1, out);
      }`;
    const module = newModule(Buffer.from(slow), 2, { standby });
    module.request({ ...asking(1), is_set: 1 }, undefined);
    module.tend(true);
    const { standby: second } = module.status();
    module.request({ ...asking(1), is_set: 1 }, undefined);
    skipped += 60_000;
    for (let waited = 0; waited < 20; waited += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      module.tend(true);
    }
    module.request({ ...asking(1), is_set: 1 }, undefined);
    skipped += 60_000;
    module.tend(true);
    module.killDriver();
    expect(module.request(asking(5), undefined)).toBe(5);
    expect(module.status().pid).toBe(second);
  });

  test('that is stopped while it is shown the tables keeps no request waiting', () => {
    const lock = path.join(folder, 'lock');
    // Who is asked 4, the standby, says who it is and stops; who is asked 5 waits as long as it is stopped.
    const locking = `const fs = require('node:fs'); const b = Buffer.alloc(24); const out = Buffer.alloc(4);
      const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      const stat = () => fs.readFileSync('/proc/' + fs.readFileSync(${JSON.stringify(lock)}) + '/stat', 'latin1');
      const isHeld = () => { try { return stat().includes(') T '); } catch { return false; } };
      while (fs.readSync(0, b, 0, 24, null) === 24) {
        if (b.readUInt32LE(16) === 4) {
          fs.writeFileSync(${JSON.stringify(lock)}, String(process.pid));
          process.kill(process.pid, 'SIGSTOP');
        }
        while (b.readUInt32LE(8) === 5 && isHeld()) sleep();
        out.writeInt32LE(b.readUInt32LE(8), 0);
        fs.writeSync(1, out);
      }`;
    const module = newModule(Buffer.from(locking), 1, { standby, deadlines: { ...deadlines, request: () => 30_000 } });
    expect(module.request(asking(1), undefined)).toBe(1);
    module.tend(true);
    const { pid, standby: second = 0 } = module.status();
    while (!isStopped(second)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    expect(module.request(asking(5), undefined)).toBe(5);
    expect(module.status()).toMatchObject({ pid, failures: 0, standby: undefined });
    expect(logText()).toMatch(`standby pid ${second}: no answer to its warm-up for `);
  });

  test('takes over before the kernel has taken a killed driver down', async () => {
    const module = newModule(Buffer.from(`globalThis.held = Buffer.alloc(1 << 29, 1);\n${selfTest}`), 2, {
      standby,
      deadlines: { ...deadlines, start: 30_000 },
    });
    const stat = (pid: number) =>
      fs
        .readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ');
    const pages = (of = 0) => Number(fs.readFileSync(`/proc/${of}/statm`, 'latin1').split(' ')[1]);
    const isExiting = (pid: number) => (Number(stat(pid)[6]) & 4) !== 0;
    for (let round = 1; ; round += 1) {
      module.load();
      skipped += 1_000;
      module.tend(true);
      const { pid = 0, standby: second } = module.status();
      while (pages(second) < 1 << 17) await new Promise((resolve) => setTimeout(resolve, 10));
      const pidfd = pidfdOpen(pid);
      process.kill(pid, 'SIGKILL');
      while (!isExiting(pid));
      expect(module.request(asking(7), undefined)).toBe(7);
      const [ended] = poll([{ fd: pidfd, events: POLLIN }], 0);
      closeFd(pidfd);
      expect(module.status()).toMatchObject({ pid: second, failures: 0, deaths: round });
      // On a busy machine we may come too late to see it.
      if (ended === 0) break;
      expect(round).toBeLessThan(25);
    }
    module.tend(true);
    expect(logText()).toContain('has exited (it was killed by signal 9): its standby takes over');
  });

  test('that is dead itself is passed over', () => {
    const module = withStandby();
    const { standby: second } = module.status();
    process.kill(second ?? 0, 'SIGKILL');
    module.killDriver();
    expect(module.request(asking(5), undefined)).toBe(5);
    expect(module.status().pid).not.toBe(second);
  });

  /** With all of its threads; the first may be gone before the others. */
  const hasEnded = (pid: number): boolean =>
    fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[2] === 'Z' &&
    fs.readdirSync(`/proc/${pid}/task`).length === 1;

  test('that dies is missed, and another one stands there after a while', () => {
    const module = withStandby();
    const { standby: second } = module.status();
    while (module.tend(true) < 2_000);
    process.kill(second ?? 0, 'SIGKILL');
    while (!hasEnded(second ?? 0));
    expect(module.tend(true)).toBeGreaterThan(0);
    expect(logText()).toContain(`standby pid ${second}: it has exited (it was killed by signal 9)`);
    skipped += 1_001;
    module.tend(true);
    expect(module.status()).toMatchObject({ standby: expect.any(Number), deaths: 1, restarts: 0 });
  });

  test('that is dead takes over nothing', () => {
    const module = withStandby();
    const { standby: second } = module.status();
    while (module.tend(true) < 2_000);
    process.kill(second ?? 0, 'SIGKILL');
    module.killDriver();
    expect(module.request(asking(6), undefined)).toBe(6);
    expect(logText()).not.toContain('has taken over');
  });

  test('takes over between requests, too', () => {
    const module = withStandby();
    const { standby: second } = module.status();
    module.killDriver();
    module.tend(true);
    expect(module.status()).toMatchObject({ pid: second, restarts: 1 });
  });

  test('waits for a quiet moment, but not for ever', () => {
    stopped = performance.now();
    const module = newModule(selfTest, 2, { standby: { afterMs: 100, warmUp } });
    module.load();
    expect(module.tend(true)).toBeGreaterThan(1);
    skipped += 101;
    expect(module.tend(false)).toBe(1);
    expect(module.status().standby).toBeUndefined();
    skipped += 500;
    module.tend(false);
    expect(module.status().standby).toBeGreaterThan(0);
  });

  test('that may not be started keeps nobody waiting', () => {
    const gate = new HelperGate();
    const module = newModule(selfTest, 2, { standby, gate: { gate, timeoutMs: 5_000 } });
    module.load();
    gate.disable();
    const start = performance.now();
    module.tend(true);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(module.status().standby).toBeUndefined();
    gate.enable();
    skipped += 1_001;
    module.tend(true);
    expect(module.status().standby).toBeGreaterThan(0);
  });

  test('ends with the module, which gives everything back', () => {
    const before = fs.readdirSync('/proc/self/fd').length;
    const module = withStandby();
    const { pid, standby: second } = module.status();
    module.unload();
    expect([pid, second].filter((one) => fs.existsSync(`/proc/${one}/fd/0`))).toEqual([]);
    expect(module.status()).toMatchObject({ pid: undefined, standby: undefined, loaded: false });
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
  });
});
