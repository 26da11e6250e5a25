import { expect, test } from 'vitest';
import { isKernelSince } from './kernel-version.ts';
import { isolated } from './testing/isolated.ts';

test('askForSlice: the thread has it, until it asks for none; its niceness stays', () => {
  const seen = isolated(`
    import os from 'node:os';
    import { askForSlice, ownSlice } from './scheduling.ts';
    os.setPriority(5);
    const before = ownSlice();
    askForSlice(200_000n);
    const then = ownSlice();
    askForSlice(0n);
    report([before !== 200_000n, String(then), ownSlice() !== 200_000n, os.getPriority()]);`);
  // an older kernel takes it and keeps to its own
  const isKept = isKernelSince(6, 12);
  expect(seen).toEqual([true, isKept ? '200000' : '0', true, 5]);
});

test('askForSlice: a thread of another policy stays what it is', () => {
  const seen = isolated(`
    import { spawnSync } from 'node:child_process';
    import { askForSlice, ownSlice } from './scheduling.ts';
    const { status } = spawnSync('chrt', ['--idle', '--pid', '0', String(process.pid)]);
    askForSlice(200_000n);
    const { stdout } = spawnSync('chrt', ['--pid', String(process.pid)], { encoding: 'utf8' });
    report([status, stdout.includes('SCHED_IDLE'), ownSlice() !== 200_000n]);`);
  expect(seen).toEqual([0, true, true]);
});
