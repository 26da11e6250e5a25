import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCodeCache } from './code-cache.ts';

const flags = ['--expose-gc'];
/** Tells what it got; a pattern, a string and a template that end a comment. */
const program = [
  'const odd=["a*/b",`c*/d`,String(/e*/g)];',
  'const once=()=>odd.join(" ");',
  'console.log(JSON.stringify([once(),isCacheRefused,typeof gc,module.exports===exports,__filename]));',
].join('\n');

describe('a program with its code cache', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bpfilter-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function run(text: string, nodeFlags: readonly string[]): unknown {
    const file = join(folder, 'program.cjs');
    writeFileSync(file, text);
    const { stdout, stderr, status } = spawnSync(process.execPath, [...nodeFlags, file], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return JSON.parse(stdout);
  }

  it('runs as without, and Node takes the cache', () => {
    const file = join(folder, 'program.cjs');
    expect(run(withCodeCache(program, flags), flags)).toEqual(['a*/b c*/d /e*/g', false, 'function', true, file]);
  });

  it('runs by other flags, too, that the cache is not for', () => {
    const [text, isCacheRefused] = run(withCodeCache(program, flags), [...flags, '--always-sparkplug']) as unknown[];
    expect([text, isCacheRefused]).toEqual(['a*/b c*/d /e*/g', true]);
  });

  it('is made of a program that fails', () => {
    expect(withCodeCache('throw new Error("no settings");', flags)).toContain('no settings');
  });

  it.each(['é', '\t'])('is not made of text with %j in it', (character) => {
    expect(() => withCodeCache(`console.log("${character}");`, flags)).toThrow('printable ASCII expected');
  });
});
