import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { DriverRegister } from './driver-register.ts';

const isAlive = (pid: number): boolean => {
  try {
    return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

test('drivers that are there still are ended, by whoever has the memory; another child with such a pid is not', async () => {
  const register = new DriverRegister();
  const children = ['a_driver', 'another'].map((argv0) => spawn('sleep', ['60'], { argv0, stdio: 'ignore' }));
  try {
    await Promise.all(children.map((child) => once(child, 'spawn')));
    const [driver = 0, other = 0] = children.map(({ pid }) => pid);
    for (const pid of [driver, other, 2 ** 22 + 1, 1]) register.note(pid);
    const successor = new DriverRegister(register.shared);
    expect(successor.endAll('a_driver')).toEqual([driver]);
    expect([driver, other].map(isAlive)).toEqual([false, true]);
    expect(successor.endAll('a_driver')).toEqual([]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});
