import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { koffiPath } from '../koffi.ts';

const sysFolder = fileURLToPath(new URL('..', import.meta.url));

/** Bundles TypeScript source, whose imports are relative to sys/, into one CommonJS or ESM text. */
export function bundle(source: string, format: 'cjs' | 'esm'): string {
  const [file] = buildSync({
    stdin: { contents: source, resolveDir: sysFolder, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format,
    logOverride: { 'empty-import-meta': 'silent' },
  }).outputFiles;
  if (file === undefined) throw new Error('esbuild gave no output');
  return file.text;
}

/** An error kills at once: an orderly exit would wait for threads that sit in an unanswered call. */
const prelude = `
  globalThis.report = (value) => require('node:fs').writeSync(1, '\\n@' + JSON.stringify(value) + '\\n');
  process.on('uncaughtException', (error) => {
    require('node:fs').writeSync(2, require('node:util').inspect(error));
    process.kill(process.pid, 'SIGKILL');
  });
`;

/** A program that takes longer hangs, however busy the machine. */
const hangMs = 60_000;

/**
 * Runs source in a Node process of its own, where it may change namespaces, capabilities and
 * filters; returns what it passes to `report(value)`, a global, once, by way of JSON.
 */
export function isolated(source: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'sys-test-'));
  try {
    const file = join(folder, 'main.cjs');
    writeFileSync(file, prelude + bundle(`declare const report: (v: unknown) => void;${source}`, 'cjs'));
    const output = execFileSync(process.execPath, [file], {
      encoding: 'utf8',
      timeout: hangMs,
      env: { ...process.env, BPFILTER_KOFFI: koffiPath(), NODE_OPTIONS: '' },
    });
    const line = /^@(.*)$/m.exec(output)?.[1];
    return line === undefined ? output : JSON.parse(line);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
