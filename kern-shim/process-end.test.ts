import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { comingEnd, LifeSign } from './process-end.ts';

let parent: ChildProcess | undefined;
afterEach(() => void parent?.kill('SIGKILL'));

/** A child that has ended, of a parent that never asks how. */
async function zombie(script: string): Promise<number> {
  parent = spawn('sh', ['-c', `sh -c '${script}' & exec sleep 60`], { stdio: 'ignore' });
  const { pid } = parent;
  for (let tries = 0; tries < 500; tries += 1) {
    const [child] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').map(Number);
    if (child && / Z /.test(fs.readFileSync(`/proc/${child}/stat`, 'latin1'))) return child;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it has not ended');
}

test.each([
  { script: 'exit 3', end: { kind: 'exited', status: 3 } },
  { script: 'kill -9 $$', end: { kind: 'signaled', status: 9 } },
  // what an old kernel says of one that it doesn't know of yet
  { script: 'exit 0', end: undefined },
])('of a process that is on its way out: $script', async ({ script, end }) => {
  expect(comingEnd(await zombie(script))).toEqual(end);
});

test('a sign of life, from the start to the end and beyond', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  const life = new LifeSign(child.pid ?? 0);
  expect(life.isEnding).toBe(false);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  // before this thread's loop turns nobody reaps it
  const end = performance.now() + 5_000;
  while (life.isEnding !== true) expect(performance.now()).toBeLessThan(end);
  await ended;
  expect(fs.existsSync(`/proc/${child.pid}`)).toBe(false);
  expect(life.isEnding).toBe(true);
  life.close();
});

test('of a process that is gone already there is no sign either way', () => {
  expect(new LifeSign(2 ** 22 + 1).isEnding).toBeUndefined();
});

test('a process that lives is on no way out, and one that is gone neither', () => {
  expect(comingEnd(process.pid)).toBeUndefined();
  expect(comingEnd(2 ** 22 + 1)).toBeUndefined();
});
