import { closeSync, readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drainEventfd, eventfd, signalEventfd } from './eventfd.ts';
import { type Pipe, pipe2 } from './pipe.ts';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, Poller, poll } from './poll.ts';
import { failure } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

let a: Pipe;
let b: Pipe;
beforeEach(() => {
  a = pipe2();
  b = pipe2();
});
afterEach(() => {
  for (const fd of [a.read, a.write, b.read, b.write]) {
    try {
      closeSync(fd);
    } catch {
      // closed by the test
    }
  }
});

describe('poll', () => {
  test('answers in the order of the descriptors', () => {
    writeSync(b.write, 'x');
    const fds = [
      { fd: a.read, events: POLLIN },
      { fd: b.read, events: POLLIN },
      { fd: a.write, events: POLLOUT },
    ];
    expect(poll(fds, 0)).toEqual([0, POLLIN, POLLOUT]);
  });

  test('the far ends gone, bad and negative descriptors', () => {
    closeSync(a.write);
    closeSync(b.read);
    const fds = [a.read, b.write, 9999, -1].map((fd) => ({ fd, events: 0 }));
    expect(poll(fds, -1)).toEqual([POLLHUP, POLLERR, POLLNVAL, 0]);
  });

  test('none at all only waits', () => {
    const start = performance.now();
    expect(poll([], 30)).toEqual([]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  test('a fraction of a millisecond is no busy loop, and a huge limit no error', () => {
    expect(poll([{ fd: a.read, events: POLLIN }], 0.2)).toEqual([0]);
    writeSync(a.write, 'x');
    expect(poll([{ fd: a.read, events: POLLIN }], Number.MAX_SAFE_INTEGER)).toEqual([POLLIN]);
    expect(poll([{ fd: a.read, events: POLLIN }], Number.POSITIVE_INFINITY)).toEqual([POLLIN]);
  });

  test('a signal does not end the wait', () => {
    const result = isolated(`
      import { spawn } from 'node:child_process';
      import { Poller } from './poll.ts';
      import { pipe2 } from './pipe.ts';
      process.on('SIGUSR1', () => {});
      spawn('sh', ['-c', 'sleep 0.05; kill -USR1 ' + process.pid + '; sleep 0.05; kill -USR1 ' + process.pid]);
      const start = performance.now();
      const ready = new Poller([pipe2().read], [1]).wait(250);
      report({ ready, waited: performance.now() - start });`) as { ready: number; waited: number };
    expect(result.ready).toBe(0);
    expect(result.waited).toBeGreaterThanOrEqual(249);
    expect(result.waited).toBeLessThan(2000);
  });
});

describe('Poller', () => {
  test('is used again and again', () => {
    const poller = new Poller([a.read, b.read], [POLLIN, POLLIN]);
    const buffer = Buffer.alloc(1);
    for (const [i, pipe] of [a, b, a].entries()) {
      expect(poller.wait(0)).toBe(0);
      writeSync(pipe.write, 'x');
      expect(poller.wait(-1)).toBe(1);
      expect([poller.revents(0), poller.revents(1)]).toEqual(i === 1 ? [0, POLLIN] : [POLLIN, 0]);
      readSync(pipe.read, buffer);
    }
  });

  test('an index past the end is an error, not silence', () => {
    expect(() => new Poller([a.read], [POLLIN]).revents(1)).toThrow(RangeError);
  });
});

test('an eventfd stays signalled until drained', () => {
  const fd = eventfd();
  const ready = (): number | undefined => poll([{ fd, events: POLLIN }], 0)[0];
  expect([ready(), drainEventfd(fd)]).toEqual([0, false]);
  signalEventfd(fd);
  signalEventfd(fd);
  expect([ready(), drainEventfd(fd), ready(), drainEventfd(fd)]).toEqual([POLLIN, true, 0, false]);
  // A full counter is signalled, not an error: 2^64 - 2 is the most it holds.
  writeSync(fd, Buffer.from('feffffffffffffff', 'hex'));
  signalEventfd(fd);
  expect(drainEventfd(fd)).toBe(true);
  closeSync(fd);
  expect(failure(() => signalEventfd(fd))).toBe('write EBADF');
  expect(failure(() => drainEventfd(fd))).toBe('read EBADF');
});
