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

  it.each([
    { from: 0, bytes: 8, readable: 16, writable: 16, read: true, write: true },
    { from: 8, bytes: 8, readable: 16, writable: 8, read: true, write: false },
    { from: 8, bytes: 9, readable: 16, writable: 16, read: false, write: false },
    { from: 0, bytes: 8, readable: 0, writable: 0, read: false, write: false },
    { from: 15, bytes: 1, readable: 15, writable: 16, read: false, write: true },
  ])('does what the caller itself may: $bytes bytes from $from, readable $readable, writable $writable', (row) => {
    const theirs = Buffer.alloc(32);
    const address = Number(addressOf(theirs));
    const memory = openMemory(own, { address, length: 16, readable: row.readable, writable: row.writable });
    const outcome = (work: () => void) => {
      try {
        work();
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'fault' });
        return false;
      }
    };
    expect(outcome(() => memory.read(address + row.from, new Uint8Array(row.bytes)))).toBe(row.read);
    expect(outcome(() => memory.write(address + row.from, new Uint8Array(row.bytes)))).toBe(row.write);
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
