import { renameSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const made = new Map<string, readonly [string, string]>();

/**
 * The command line that runs one of the tests' programs. It is made one file of JavaScript at its first use in this
 * process: below tsx Node would look up, translate and load each module by itself, a second of work at every start.
 *
 * @param source the program, a TypeScript file
 */
export function programCommand(source: URL): readonly [node: string, file: string] {
  const file = fileURLToPath(source);
  const known = made.get(file);
  if (known !== undefined) return known;
  const command = [process.execPath, bundled(file)] as const;
  made.set(file, command);
  return command;
}

function bundled(file: string): string {
  const whole = `${root}.cache/programs/${file.slice(root.length).replaceAll('/', '-').replace(/\.ts$/, '.mjs')}`;
  // Others may be making it, or running it, at the same time.
  const part = `${whole}.${process.pid}`;
  buildSync({
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Beside the source lies what it reads.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(file).href) },
    logLevel: 'warning',
    outfile: part,
  });
  renameSync(part, whole);
  return whole;
}
