import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { addressOf } from '../../sys/koffi.ts';
import { openMemory } from './memory.ts';

const own = openSync('/proc/self/mem', 'r+');
afterAll(() => closeSync(own));

describe('memory of a caller', () => {
  it('reads and writes where it is told', () => {
    const theirs = Buffer.from('hello, caller');
    const address = Number(addressOf(theirs));
    const memory = openMemory(own);
    const read = new Uint8Array(5);
    memory.read(address, read);
    expect(Buffer.from(read).toString()).toBe('hello');
    memory.write(address + 7, Buffer.from('driver'));
    expect(theirs.toString()).toBe('hello, driver');
  });

  it.each([0, 16, 2 ** 47, 2 ** 52])('answers a fault at %d', (address) => {
    const memory = openMemory(own);
    expect(() => memory.read(address, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'fault' }));
    expect(() => memory.write(address, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'fault' }));
  });

  it('knows a caller that has died', async () => {
    const child = spawn('sleep', ['30'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const descriptor = openSync(`/proc/${child.pid}/mem`, 'r+');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const memory = openMemory(descriptor);
    expect(() => memory.read(4096, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'caller-gone' }));
    expect(() => memory.write(4096, new Uint8Array(8))).toThrow(expect.objectContaining({ code: 'caller-gone' }));
    closeSync(descriptor);
  });
});
