import fs from 'node:fs';
import { oneLine } from '../protocol/log-text.ts';

/** One line a record, so that several processes can append to one file. */
export interface Log {
  readonly path: string;
  /** The open file, for a driver's stderr. */
  readonly fd: number;
  /** Where a person asked to see the lines too (stderr), undefined otherwise. */
  readonly verboseFd: number | undefined;
  write(message: string): void;
}

/**
 * Appends to `path`; with `verboseFd` the lines go there too. Writes are synchronous since the
 * serving thread has no event loop; a log that can't be written never stops a request.
 */
export function openLog(path: string, verboseFd?: number): Log {
  const fd = fs.openSync(path, 'a', 0o600);
  return {
    path,
    fd,
    verboseFd,
    write(message) {
      const line = `${new Date().toISOString()} shim[${process.pid}] ${oneLine(message)}\n`;
      for (const target of verboseFd === undefined ? [fd] : [fd, verboseFd]) {
        try {
          fs.writeSync(target, line);
        } catch {
          // A full disk or a closed terminal: the request goes on.
        }
      }
    },
  };
}
