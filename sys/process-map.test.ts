import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { addressOf } from './koffi.ts';
import { accessibleBytes, addressSpaceInUse, MAP_READABLE, MAP_WRITABLE } from './process-map.ts';

const maps = fs.openSync('/proc/self/maps', 'r');
afterAll(() => fs.closeSync(maps));

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly flags: string;
}

function mappings(): Mapping[] {
  return fs
    .readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .flatMap((line) => {
      const found = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line);
      return found === null
        ? []
        : [
            {
              start: Number.parseInt(found[1] ?? '', 16),
              end: Number.parseInt(found[2] ?? '', 16),
              flags: found[3] ?? '',
            },
          ];
    });
}

describe('bytes that a process may access', () => {
  it('are all of a buffer of its own', () => {
    const buffer = Buffer.alloc(1 << 20);
    expect(accessibleBytes(maps, Number(addressOf(buffer)), buffer.length, MAP_READABLE | MAP_WRITABLE)).toBe(
      buffer.length,
    );
  });

  it.each([0, 4096, 2 ** 47])('are none at %d', (address) => {
    expect(accessibleBytes(maps, address, 8, MAP_READABLE)).toBe(0);
  });

  it('end with a mapping that nothing follows', () => {
    const all = mappings();
    const last = all.find((one, index) => one.flags.startsWith('rw') && all[index + 1]?.start !== one.end);
    expect(last).toBeDefined();
    const start = (last?.end ?? 0) - 100;
    expect(accessibleBytes(maps, start, 4096, MAP_READABLE | MAP_WRITABLE)).toBe(100);
  });

  it('cannot be written where the program is', () => {
    const text = mappings().find(({ flags }) => flags.startsWith('r-x'));
    expect(accessibleBytes(maps, text?.start ?? 0, 64, MAP_READABLE)).toBe(64);
    expect(accessibleBytes(maps, text?.start ?? 0, 64, MAP_WRITABLE)).toBe(0);
  });
});

describe('an address space', () => {
  it('is in use while its process lives', () => {
    expect(addressSpaceInUse(maps)).toBe(true);
  });

  it('is not once the process has executed another program', async () => {
    const child = spawn('sh', ['-c', 'read line; exec sleep 30'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const theirs = fs.openSync(`/proc/${child.pid}/maps`, 'r');
    expect(addressSpaceInUse(theirs)).toBe(true);
    child.stdin.write('\n');
    while (!fs.readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').startsWith('sleep')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(addressSpaceInUse(theirs)).toBe(false);
    fs.closeSync(theirs);
    child.kill();
  });
});
