import fs from 'node:fs';
import path from 'node:path';

/** Gives what the drivers below BPFILTER_BASE have logged since the last call; nothing where none runs. */
export function driverLog(): () => string {
  const { BPFILTER_BASE: base = '' } = process.env;
  let logged = 0;
  return () => {
    const text = fs
      .readdirSync(base)
      .map((name) => path.join(base, name, 'log'))
      .filter((file) => fs.existsSync(file))
      .map((file) => fs.readFileSync(file, 'utf8'))
      .join('');
    const fresh = text.slice(logged);
    logged = text.length;
    return fresh;
  };
}
