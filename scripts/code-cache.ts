import { spawnSync } from 'node:child_process';
import { cacheDigits, cacheMark, programHead } from '../kern-shim/driver-loader.ts';

/**
 * What a child does to make a code cache: runs the program as it is run later, as functions that were called are in the
 * cache, too, and writes it to descriptor 3 once the program ends.
 */
const maker = `
const { Script } = require('node:vm');
const { readFileSync, writeSync } = require('node:fs');
const script = new Script(readFileSync(0, 'latin1'), { filename: 'program' });
process.on('exit', () => {
  const cache = script.createCachedData();
  for (let at = 0; at < cache.length; ) at += writeSync(3, cache, at, cache.length - at);
});
script.runInThisContext()({}, require, { exports: {} }, '/program', '/', undefined);
`;

/**
 * A CommonJS program with V8's code cache behind it (node:vm, Script's cachedData), for kern-shim/driver-loader.ts: starting it
 * takes a third less time, as most of its functions needn't be compiled. A Node of another version, or with flags of V8's, refuses
 * the cache and compiles the program as always.
 *
 * @param program in ASCII
 * @throws Error when no cache can be made
 */
export function withCodeCache(program: string): Buffer {
  const odd = /[^\n\x20-\x7e]/.exec(program);
  if (odd !== null) throw new Error(`printable ASCII expected, found ${JSON.stringify(odd[0])}`);
  const lineLength = cacheMark.length + cacheDigits + 1;
  const rest = `${programHead}${program}\n})`;
  const source = `${cacheMark}${String(lineLength + rest.length).padStart(cacheDigits)}\n${rest}`;
  const made = spawnSync(process.execPath, ['-e', maker], {
    input: source,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 26,
  });
  const cache = made.output?.[3];
  if (cache == null || cache.length === 0)
    throw new Error(`no code cache: ${made.error?.message ?? made.status ?? made.signal}`);
  return Buffer.concat([Buffer.from(source, 'latin1'), Buffer.from(cache)]);
}
