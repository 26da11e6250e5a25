import fs from 'node:fs';

/** The version in package.json, which the build puts beside the bundle. */
export function version(): string {
  const file = import.meta.url.endsWith('.ts') ? '../package.json' : './package.json';
  const { version: found } = JSON.parse(fs.readFileSync(new URL(file, import.meta.url), 'utf8')) as {
    version?: string;
  };
  return found ?? 'unknown';
}
