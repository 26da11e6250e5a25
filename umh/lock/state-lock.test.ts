import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PARENT_VARIABLE } from './orphans.ts';
import { formatIdentity, isDead, ownIdentity, parseIdentity } from './process-identity.ts';
import { openStateLock, sleepSync } from './state-lock.ts';

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umh-lock-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(deadline: number, patience: number) {
  const log = { info: () => {}, warning: (line: string) => void lines.push(line), error: () => {} };
  const now = () => performance.now();
  return openStateLock({ path: join(folder, 'lock'), log, now, sleep: sleepSync, deadline, patience });
}

/** A process that holds the lock as an nft does, for a driver of that identity. */
function holder(lock: { descriptor: number }, parent: string) {
  return spawn('sleep', ['30'], {
    stdio: ['ignore', 'ignore', 'ignore', lock.descriptor],
    env: { ...process.env, [PARENT_VARIABLE]: parent },
  });
}

/** An identity that no process has any more. */
function deadIdentity(): string {
  const pid = Number(spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).stdout);
  return formatIdentity({ ...ownIdentity(), pid, start: '1' });
}

describe('the state lock', () => {
  it('is held once, taken again, and names a holder', () => {
    const [one, other] = [open(50, 1000), open(50, 1000)];
    one.acquire();
    expect(() => other.acquire()).toThrow(expect.objectContaining({ code: 'busy' }));
    one.release();
    other.acquire();
    other.release();
    expect(parseIdentity(readFileSync(join(folder, 'lock'), 'utf8'))).toEqual(ownIdentity());
    one.close();
    other.close();
  });

  it('is taken from an nft whose driver is dead', async () => {
    const [one, other] = [open(5000, 50), open(5000, 50)];
    one.acquire();
    const orphan = holder(one, deadIdentity());
    await once(orphan, 'spawn');
    one.close();
    const exited = once(orphan, 'exit');
    other.acquire();
    expect(lines).toEqual([`killed nft process ${orphan.pid}: it held the state lock for a driver that is dead`]);
    expect((await exited)[1]).toBe('SIGKILL');
    other.close();
  });

  it.each([
    ['lives', () => formatIdentity(ownIdentity())],
    ['is of another pid namespace', () => 'pid:[1] 1 1'],
    ['is not named', () => ''],
  ])('is left to an nft whose driver %s', async (_name, parent) => {
    const [one, other] = [open(150, 50), open(150, 50)];
    one.acquire();
    const child = holder(one, parent());
    await once(child, 'spawn');
    one.close();
    expect(() => other.acquire()).toThrow(expect.objectContaining({ code: 'busy' }));
    expect(lines).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    other.close();
  });
});

describe('identities', () => {
  it('tell the living from the dead, and a pid used again', () => {
    const own = ownIdentity();
    expect(isDead(own)).toBe(false);
    expect(isDead({ ...own, start: '1' })).toBe(true);
    expect(isDead({ ...own, start: '1', namespace: 'pid:[1]' })).toBe(false);
    expect(parseIdentity(formatIdentity(own))).toEqual(own);
    expect(parseIdentity('nonsense')).toBeUndefined();
  });
});
