import fs from 'node:fs';
import path from 'node:path';

/** What the drivers have logged whose state is below a base folder; nothing where none ran. */
export function driverLogBelow(base: string): string {
  return fs
    .readdirSync(base)
    .map((name) => path.join(base, name, 'log'))
    .filter((file) => fs.existsSync(file))
    .map((file) => fs.readFileSync(file, 'utf8'))
    .join('');
}

/** Gives what has come since the last call in the log below BPFILTER_BASE. */
export function driverLog(): () => string {
  const { BPFILTER_BASE: base = '' } = process.env;
  let logged = 0;
  return () => {
    const text = driverLogBelow(base);
    const fresh = text.slice(logged);
    logged = text.length;
    return fresh;
  };
}
