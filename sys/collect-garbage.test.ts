import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';
import { isolated } from './testing/isolated.ts';

test('what nothing refers to is collected, also a second time, and no flag stays', async () => {
  for (let round = 0; round < 2; round += 1) {
    const reference = new WeakRef(new Uint8Array(1 << 20));
    // A reference is kept until the turn ends in which it was made.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(reference.deref()).toBeUndefined();
  }
  expect(runInNewContext('typeof gc')).toBe('undefined');
});

test('threads may collect at the same time for the first time', () => {
  const failures = isolated(`
    import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
    import { collectGarbage } from './collect-garbage.ts';
    const threads = 2;
    async function race(): Promise<number> {
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const failed = Array.from({ length: threads }, () => {
        const worker = new Worker(__filename, { workerData: gate });
        return new Promise<number>((resolve) => {
          worker.on('error', () => resolve(1));
          worker.on('exit', () => resolve(0));
        });
      });
      return (await Promise.all(failed)).reduce((sum, one) => sum + one, 0);
    }
    async function races(): Promise<void> {
      let failures = 0;
      for (let round = 0; round < 40; round += 1) failures += await race();
      report(failures);
    }
    if (isMainThread) void races();
    else {
      const gate = workerData as Int32Array;
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < threads);
      collectGarbage();
    }
  `);
  expect(failures).toBe(0);
});
