/**
 * Where a Worker's program is: beside the bundle in dist/, or the TypeScript source when run by tsx.
 *
 * @param name file name without extension, e.g. "spawner-worker"
 * @param folder the source's folder below kern-shim/
 */
export function workerFile(name: string, folder: string): { url: URL; execArgv: string[] } {
  if (import.meta.url.endsWith('.ts')) {
    return { url: new URL(`./${folder}/${name}.ts`, import.meta.url), execArgv: ['--import', 'tsx'] };
  }
  return { url: new URL(`./${name}.cjs`, import.meta.url), execArgv: [] };
}

/**
 * A Worker's output is otherwise piped to process.stdout, and making that one sets O_NONBLOCK on the
 * open file, which CMD and whoever else has it would find on it.
 */
export const ownStdio = { stdout: true, stderr: true } as const;
