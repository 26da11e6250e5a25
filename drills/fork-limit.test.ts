import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { forkLimit, whyNoForkLimit } from './fork-limit.ts';

const reason = whyNoForkLimit();
const limit = reason === undefined ? forkLimit() : undefined;

/** Waits for a line, then becomes timeout(1), which forks; its status is 125 where it can't. */
async function statusAfter(work: (pid: number) => void): Promise<unknown> {
  const child = spawn('sh', ['-c', 'echo up; read line; exec timeout 9 true'], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  work(child.pid ?? 0);
  child.stdin.end('\n');
  const [status] = (await once(child, 'exit')) as [unknown];
  return status;
}

describe.skipIf(limit === undefined)(`a limit on forks${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  afterAll(() => limit?.close());

  test.each<[string, (pid: number) => void, number]>([
    ['a process whose forks are forbidden can make none', (pid) => limit?.forbid(pid), 125],
    ['others can', () => {}, 0],
    [
      'one to which they are allowed again can',
      (pid) => {
        limit?.forbid(pid);
        limit?.allow(pid);
      },
      0,
    ],
  ])('%s', async (_title, work, want) => {
    expect(await statusAfter(work)).toBe(want);
  });
});
