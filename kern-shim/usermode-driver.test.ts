import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import { HelperGate } from './helper-gate.ts';
import { errnoOfCall } from './testing/errno-of-call.ts';
import { spawnHere } from './testing/spawn-here.ts';
import { nodeInterpreter, UsermodeDriver } from './usermode-driver.ts';

const blob = fs.readFileSync(new URL('../tests/self-test-driver/driver.cjs', import.meta.url));

const drivers: UsermodeDriver[] = [];

function newDriver(): UsermodeDriver {
  const driver = new UsermodeDriver('self_test_umd', spawnHere);
  drivers.push(driver);
  return driver;
}

function forked(): UsermodeDriver {
  const driver = newDriver();
  driver.loadBlob(blob);
  driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter });
  return driver;
}

/** Sends 24 bytes whose `len` says what the self-test driver is to do, and reads what comes back. */
function ask(driver: UsermodeDriver, length: number): Buffer {
  const running = driver.running;
  if (running === undefined) return Buffer.alloc(0);
  const request = Buffer.alloc(24);
  request.writeUInt32LE(length, 8);
  fs.writeSync(running.pipeToUmh, request);
  poll([{ fd: running.pipeFromUmh, events: POLLIN }], 10_000);
  const reply = Buffer.alloc(4);
  return reply.subarray(0, fs.readSync(running.pipeFromUmh, reply, 0, 4, null));
}

afterEach(() => {
  for (const driver of drivers.splice(0)) {
    driver.kill();
    driver.cleanup();
    if (driver.loaded) driver.unloadBlob();
  }
});

describe('a user-mode driver that knows nothing of bpfilter', () => {
  test('answers over two true pipes', () => {
    const driver = forked();
    expect(ask(driver, 42).readInt32LE(0)).toBe(42);
    const running = driver.running;
    for (const fd of [running?.pipeToUmh ?? -1, running?.pipeFromUmh ?? -1]) {
      expect(fs.readlinkSync(`/proc/self/fd/${fd}`)).toMatch(/^pipe:/);
    }
  });

  test('runs from a sealed memfd that nobody can write to', () => {
    const pid = forked().running?.pid ?? 0;
    expect(fs.readlinkSync(`/proc/${pid}/fd/3`)).toMatch(/memfd:self_test_umd/);
    const fd = fs.openSync(`/proc/${pid}/fd/3`, 'r+');
    try {
      expect(() => fs.writeSync(fd, 'x', 0)).toThrow(/EPERM/);
    } finally {
      fs.closeSync(fd);
    }
  });

  test('is known to ps and pgrep by its name', () => {
    const driver = forked();
    ask(driver, 1);
    const pid = driver.running?.pid ?? 0;
    expect(fs.readFileSync(`/proc/${pid}/comm`, 'latin1').trim()).toBe('self_test_umd');
    expect(fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('self_test_umd')).toBe(true);
  });

  test('tells whether its thread group has exited', () => {
    const driver = newDriver();
    expect(driver.threadGroupExited()).toBe(true);
    driver.loadBlob(blob);
    driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter });
    expect(driver.threadGroupExited()).toBe(false);
    driver.kill();
    expect(driver.threadGroupExited()).toBe(true);
  });

  test.each([
    { case: 'an exit in the middle of a request', length: 1002, want: 0 },
    { case: 'a short reply', length: 1003, want: 2 },
  ])('$case leaves $want bytes in the pipe', ({ length, want }) => {
    expect(ask(forked(), length).length).toBe(want);
  });

  test('can be forked again after its death, from the same blob', () => {
    const driver = forked();
    const first = driver.running?.pid;
    driver.kill();
    driver.cleanup();
    driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter });
    expect(driver.running?.pid).not.toBe(first);
    expect(ask(driver, 7).readInt32LE(0)).toBe(7);
  });

  test.each([
    { case: 'loading twice', want: errno.EBUSY, call: (driver: UsermodeDriver) => driver.loadBlob(blob) },
    {
      case: 'forking while one runs',
      want: errno.EBUSY,
      call: (driver: UsermodeDriver) => driver.fork({ env: {}, stderr: 2 }),
    },
    { case: 'unloading while one runs', want: errno.EBUSY, call: (driver: UsermodeDriver) => driver.unloadBlob() },
  ])('$case is refused', ({ call, want }) => {
    const driver = forked();
    expect(errnoOfCall(() => call(driver))).toBe(want);
  });

  test.each([
    { case: 'unloading nothing', call: (driver: UsermodeDriver) => driver.unloadBlob() },
    { case: 'forking nothing', call: (driver: UsermodeDriver) => driver.fork({ env: {}, stderr: 2 }) },
  ])('$case is EINVAL', ({ call }) => {
    expect(errnoOfCall(() => call(newDriver()))).toBe(errno.EINVAL);
  });

  test('a failed start leaves no descriptor behind', () => {
    const driver = new UsermodeDriver('self_test_umd', () => {
      throw new BpfilterError('syscall', 'no such program', { errno: errno.ENOENT });
    });
    drivers.push(driver);
    driver.loadBlob(blob);
    const before = fs.readdirSync('/proc/self/fd').length;
    expect(errnoOfCall(() => driver.fork({ env: {}, stderr: 2 }))).toBe(errno.ENOENT);
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('what a start waits for', () => {
  const quick = Buffer.from('setTimeout(() => process.exit(7), 50)');

  test('UMH_NO_WAIT: nothing; the process is there when asked for', () => {
    const driver = newDriver();
    driver.loadBlob(blob);
    expect(driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter, wait: 'UMH_NO_WAIT' })).toBeUndefined();
    expect(ask(driver, 7).readInt32LE()).toBe(7);
  });

  test('UMH_WAIT_PROC: its end', () => {
    const driver = newDriver();
    driver.loadBlob(quick);
    driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter, wait: 'UMH_WAIT_PROC' });
    expect(driver.threadGroupExited()).toBe(true);
  });

  test('UMH_NO_WAIT: an exec that fails shows when the process is asked for, and costs no descriptor', () => {
    const failing = () => () => {
      throw new BpfilterError('syscall', 'no such file', { errno: errno.ENOENT });
    };
    const driver = new UsermodeDriver('self_test_umd', failing);
    driver.loadBlob(blob);
    const before = fs.readdirSync('/proc/self/fd').length;
    driver.fork({ env: {}, stderr: 2, wait: 'UMH_NO_WAIT' });
    expect(errnoOfCall(() => driver.running)).toBe(errno.ENOENT);
    expect(driver.threadGroupExited()).toBe(true);
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before);
    driver.unloadBlob();
  });

  test('a closed gate: EBUSY after the wait, none of it once it is open', () => {
    const gate = new HelperGate();
    const driver = new UsermodeDriver('self_test_umd', spawnHere, { gate, timeoutMs: 20 });
    drivers.push(driver);
    driver.loadBlob(blob);
    const fork = () => driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter });
    gate.disable();
    gate.disable();
    gate.enable();
    expect(errnoOfCall(fork)).toBe(errno.EBUSY);
    gate.enable();
    gate.enable();
    expect(gate.isClosed).toBe(false);
    expect(gate.wasPassed).toBe(false);
    expect(errnoOfCall(fork)).toBe(0);
    expect(gate.wasPassed).toBe(true);
    expect(ask(driver, 5).readInt32LE()).toBe(5);
  });

  test('a start in progress is one that who closes the gate waits for, until the exec, be it good or not', async () => {
    const gate = new HelperGate();
    const seen: Promise<boolean>[] = [];
    const driver = new UsermodeDriver(
      'self_test_umd',
      (request) => {
        const executed = spawnHere(request);
        return () => {
          seen.push(gate.drained(0));
          return executed();
        };
      },
      { gate, timeoutMs: 20 },
    );
    drivers.push(driver);
    driver.loadBlob(blob);
    driver.fork({ env: {}, stderr: 2, interpreter: nodeInterpreter });
    expect(errnoOfCall(() => driver.fork({ env: {}, stderr: 2 }))).toBe(errno.EBUSY);
    expect(await Promise.all([...seen, gate.drained(0)])).toEqual([false, true]);
  });

  test('a gate opened by another thread lets go on who waits', async () => {
    const gate = new HelperGate();
    gate.disable();
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       setTimeout(() => { const words = new Int32Array(workerData); Atomics.sub(words, 0, 1); Atomics.notify(words, 0); }, 50);`,
      { eval: true, workerData: gate.shared },
    );
    const start = performance.now();
    gate.pass(10_000);
    expect(performance.now() - start).toBeLessThan(5_000);
    await worker.terminate();
  });
});
