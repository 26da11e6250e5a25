import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { cacheDigits, cacheMark, programHead } from '../protocol/driver-loader.ts';
import { engineFlags } from '../umh/engine.ts';
import type { Rehearsal } from './rehearsal.ts';

/**
 * What a child does to make a code cache: runs the program as it is run later, as functions that were called are in the
 * cache, too, and writes it to descriptor 3 once the program ends. The cache is good for the flags that are set when it is made.
 */
const maker = `
const { Script } = require('node:vm');
const { setFlagsFromString } = require('node:v8');
const { readFileSync, writeSync } = require('node:fs');
const script = new Script(readFileSync(process.argv[1], 'latin1'), { filename: 'program' });
process.on('exit', () => {
  for (const flag of ${JSON.stringify(Object.values(engineFlags))}) setFlagsFromString(flag);
  const cache = script.createCachedData();
  for (let at = 0; at < cache.length; ) at += writeSync(3, cache, at, cache.length - at);
});
script.runInThisContext()({}, require, { exports: {} }, '/program', '/', undefined);
`;

/** A program that takes longer hangs, however busy the machine; milliseconds. */
const hangMs = 60_000;

/**
 * A CommonJS program with V8's code cache behind it (node:vm, Script's cachedData), for protocol/driver-loader.ts: most of
 * its functions needn't be compiled at a start. A Node of another version, or with flags of V8's, refuses
 * the cache and compiles the program as always. V8 compares no more than that and lengths: text and cache must come from one build.
 *
 * @param program in ASCII
 * @param file where the program may lie meanwhile
 * @param rehearsal without one the program is run with nothing to do
 * @throws Error when no cache can be made
 */
export async function withCodeCache(program: string, file: string, rehearsal?: Rehearsal): Promise<Buffer> {
  const odd = /[^\n\x20-\x7e]/.exec(program);
  if (odd !== null) throw new Error(`printable ASCII expected, found ${JSON.stringify(odd[0])}`);
  const lineLength = cacheMark.length + cacheDigits + 1;
  const rest = `${programHead}${program}\n})`;
  const source = `${cacheMark}${String(lineLength + rest.length).padStart(cacheDigits)}\n${rest}`;
  writeFileSync(file, source, 'latin1');
  const [first = '', ...args] = [...(rehearsal?.command ?? []), process.execPath, '-e', maker, file];
  const child = spawn(first, args, {
    env: { ...rehearsal?.env },
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', ...(rehearsal?.extra ?? [])],
    timeout: hangMs,
  });
  // It may have ended before it was told all.
  child.stdin?.on('error', () => {});
  const ended = once(child, 'close');
  const parts: Buffer[] = [];
  const [input, output, , made] = child.stdio as unknown as [Writable, Readable, null, Readable];
  made.on('data', (part: Buffer) => parts.push(part));
  output.resume();
  await rehearsal?.perform(input, output);
  input.end();
  const [status, signal] = await ended;
  const cache = Buffer.concat(parts);
  if (cache.length === 0) throw new Error(`no code cache: ${signal ?? status}`);
  return Buffer.concat([Buffer.from(source, 'latin1'), cache]);
}
