import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loaderProgram } from '../protocol/driver-loader.ts';
import { koffiPath } from './koffi.ts';
import { memfdCreate, sealMemfd } from './memfd.ts';
import { bundle } from './testing/isolated.ts';

const source = `
  import { koffiPath } from './koffi.ts';
  import { getNofile } from './resource-limit.ts';
  try { console.log(getNofile().soft > 0, koffiPath()); } catch (e) { console.log(e.message, e.call); }`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'koffi-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], koffi: string | undefined, memfd?: number): string {
  const env = { ...process.env, NODE_OPTIONS: '', BPFILTER_KOFFI: koffi };
  const stdio: (number | 'ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
  if (memfd !== undefined) stdio.push(memfd);
  return execFileSync(process.execPath, args, { env, stdio, encoding: 'utf8' }).trim();
}

describe('where the native module comes from', () => {
  test('from sources: node_modules', () => {
    expect(koffiPath()).toMatch(/@koromix\/koffi-linux-\w+\/\w+\/koffi\.node$/);
  });

  test('an ESM bundle finds it beside itself', () => {
    const file = join(folder, 'main.mjs');
    const beside = join(folder, 'koffi.node');
    writeFileSync(file, bundle(source, 'esm'));
    symlinkSync(koffiPath(), beside);
    expect(run([file], undefined)).toBe(`true ${beside}`);
  });

  test('a CommonJS bundle in a sealed memfd takes it from the environment', () => {
    const memfd = memfdCreate('driver');
    writeFileSync(memfd, bundle(source, 'cjs'));
    sealMemfd(memfd);
    const args = ['-e', loaderProgram, '/proc/self/fd/3'];
    expect(run(args, koffiPath(), memfd)).toBe(`true ${koffiPath()}`);
    expect(run(args, undefined, memfd)).toMatch(/BPFILTER_KOFFI is not set.* dlopen$/);
  });

  test('a wrong path in the environment is an error that names it', () => {
    const file = join(folder, 'main.cjs');
    writeFileSync(file, bundle(source, 'cjs'));
    expect(run([file], '/nowhere/koffi.node')).toBe("koffi.node can't be loaded (/nowhere/koffi.node) dlopen");
  });
});
