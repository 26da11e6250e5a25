import { spawnSync } from 'node:child_process';

/**
 * What a child does to make a code cache: runs the program as it is run later, as functions that were called are in the
 * cache, too, and writes it to descriptor 3 once the program ends.
 */
const maker = `
const { Script } = require('node:vm');
const { writeSync } = require('node:fs');
const source = require('node:fs').readFileSync(0, 'latin1');
const script = new Script(source, { filename: 'program' });
process.on('exit', () => {
  const cache = Buffer.from(script.createCachedData().toString('base64'));
  for (let at = 0; at < cache.length; ) at += writeSync(3, cache, at, cache.length - at);
});
script.runInThisContext()({}, require, { exports: {} }, '/program', '/', undefined);
`;

/**
 * A CommonJS program as one file that brings V8's code cache along (node:vm, Script's cachedData): starting it takes a
 * seventh less time, as most of its functions needn't be compiled. A Node of another version, or with other flags,
 * refuses the cache and compiles the program as always.
 *
 * The program lies in a comment, which costs less than parsing it twice, and is a function of module's variables and of
 * whether the cache was refused.
 *
 * @param program in ASCII, without comments
 * @param flags of Node's, with which it is run
 * @throws Error when no cache can be made
 */
export function withCodeCache(program: string, flags: readonly string[]): string {
  const source = `(function(exports,require,module,__filename,__dirname,isCacheRefused){${program}\n})`;
  const hidden = inComment(source);
  const made = spawnSync(process.execPath, [...flags, '-e', maker], {
    input: source,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    encoding: 'latin1',
    maxBuffer: 1 << 26,
  });
  const cache = made.output?.[3] ?? '';
  if (cache === '') throw new Error(`no code cache: ${made.error?.message ?? made.status ?? made.signal}`);
  const before = loader(0, 0, 0).length;
  const sourceAt = before + cache.length + '\n/*'.length;
  return `${loader(before, sourceAt, hidden.length)}${cache}\n/*${hidden}*/\n`;
}

/** As it may stand in a comment; `loader` undoes it. */
function inComment(source: string): string {
  const odd = /[^\n\x20-\x7e]/.exec(source);
  if (odd !== null) throw new Error(`printable ASCII expected, found ${JSON.stringify(odd[0])}`);
  return source.replaceAll('*/', '*\t/');
}

/** Always of the same length. Ends in the middle of a line: the cache is the rest of it. */
function loader(cacheAt: number, sourceAt: number, sourceLength: number): string {
  const padded = (value: number): string => String(value).padStart(9, ' ');
  // A function of its own: none of this is kept while the program runs.
  return [
    `'use strict';`,
    'const load = () => {',
    `  const text = require('node:fs').readFileSync(__filename, 'latin1');`,
    `  const [cacheAt, sourceAt, length] = [${[cacheAt, sourceAt, sourceLength].map(padded).join(', ')}];`,
    `  const cachedData = Buffer.from(text.slice(cacheAt, sourceAt - 3), 'base64');`,
    `  const source = text.slice(sourceAt, sourceAt + length).replaceAll('*\\t/', '*/');`,
    `  const script = new (require('node:vm').Script)(source, { filename: __filename, cachedData });`,
    '  return [script.runInThisContext(), script.cachedDataRejected];',
    '};',
    'const [program, isCacheRefused] = load();',
    'program(exports, require, module, __filename, __dirname, isCacheRefused);',
    '//',
  ].join('\n');
}
