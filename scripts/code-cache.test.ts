import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loaderProgram } from '../protocol/driver-loader.ts';
import { withCodeCache } from './code-cache.ts';

/** Tells what it got. */
const program = [
  'const once=()=>["a*/b",`c*/d`].join(" ");',
  'console.log(JSON.stringify([once(),isCacheRefused,module.exports===exports,typeof require("fs"),__filename,__dirname]));',
].join('\n');

describe('a program with its code cache', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bpfilter-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function run(blob: Uint8Array | string, ...nodeFlags: readonly string[]): unknown {
    const file = join(folder, 'program');
    writeFileSync(file, blob);
    const args = [...nodeFlags, '-e', loaderProgram, file];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { env: {}, encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return JSON.parse(stdout);
  }
  const cached = (text: string) => withCodeCache(text, join(folder, 'source'));
  const told = (isCacheRefused: boolean) => ['a*/b c*/d', isCacheRefused, true, 'object', join(folder, 'program'), '/'];

  it('is run by the loader, and V8 takes the cache', async () => {
    expect(run(await cached(program))).toEqual(told(false));
  });

  it('runs with flags that the cache is not for, too', async () => {
    expect(run(await cached(program), '--always-sparkplug')).toEqual(told(true));
  });

  it('runs with a cache that is cut off, too', async () => {
    const blob = await cached(program);
    expect(run(blob.subarray(0, blob.length - 100))).toEqual(told(true));
  });

  it('is run by the loader without a cache, too', async () => {
    expect(run(program.replace('isCacheRefused', 'true'))).toEqual(told(true));
  });

  it('is made of a program that fails', async () => {
    expect((await cached('throw new Error("no settings");')).toString('latin1')).toContain('no settings');
  });

  it('is none of a rehearsal that fails', async () => {
    const rehearsal = { command: ['false'], env: {}, extra: [], perform: async () => [], close: () => {} };
    const made = withCodeCache(program, join(folder, 'source'), rehearsal);
    await expect(made).rejects.toThrow('no code cache: 1');
  });

  it.each(['é', '\t'])('is not made of text with %j in it', async (character) => {
    await expect(cached(`console.log("${character}");`)).rejects.toThrow('printable ASCII expected');
  });
});
