/** Begins the first line of a blob with a code cache; what follows is where that begins, in `cacheDigits` digits. */
export const cacheMark = '//cache ';
export const cacheDigits = 10;

/** The function's head that such a blob's program is; `loaderProgram` gives others the same one, but for the last. */
export const programHead = '(function(exports,require,module,__filename,__dirname,isCacheRefused){';

/**
 * What node runs a driver's blob by (node -e): a CommonJS program in one file, which may bring V8's code cache along
 * (scripts/code-cache.ts). Node itself would read all of it as text, the cache too, and can't resolve a memfd's name.
 */
export const loaderProgram = `
const load = () => {
  const [, file] = process.argv;
  const blob = require('fs').readFileSync(file);
  const { Script } = require('vm');
  const hasCache = blob.latin1Slice(0, ${cacheMark.length}) === '${cacheMark}';
  if (!hasCache) return new Script('${programHead}' + blob + '\\n})', { filename: file }).runInThisContext();
  const at = Number(blob.latin1Slice(${cacheMark.length}, ${cacheMark.length + cacheDigits}));
  const script = new Script(blob.latin1Slice(0, at), { filename: file, cachedData: blob.subarray(at) });
  const program = script.runInThisContext();
  return (...names) => program(...names, script.cachedDataRejected);
};
load()(exports, require, module, process.argv[1], '/');
`;
