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

/** A log larger than this is cut down to its last lines, so many bytes of them: it may lie in memory, beside the state. */
export const LARGEST_LOG = 1 << 20;
const KEPT = 1 << 18;
/** Looked at when it is opened and after so many bytes of this process's; drivers log into it, too. */
const LOOK_AFTER = 1 << 14;

/**
 * Appends to `path`; with `verboseFd` the lines go there too. Writes are synchronous since the
 * serving thread has no event loop; a log that can't be written never stops a request. It never gets much larger than
 * LARGEST_LOG.
 */
export function openLog(path: string, verboseFd?: number): Log {
  const fd = fs.openSync(path, 'a', 0o600);
  shorten(fd, path);
  let written = 0;
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
      written += line.length;
      if (written < LOOK_AFTER) return;
      written = 0;
      shorten(fd, path);
    },
  };
}

/** All who have it open append, so what they write next stands behind what is kept. Lines written just now may be lost. */
function shorten(fd: number, path: string): void {
  try {
    if (fs.fstatSync(fd).size <= LARGEST_LOG) return;
    const kept = lastLines(path);
    fs.ftruncateSync(fd, 0);
    fs.writeSync(fd, kept);
  } catch {
    // As above.
  }
}

function lastLines(path: string): Buffer {
  const fd = fs.openSync(path, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    const bytes = Buffer.alloc(KEPT);
    const read = fs.readSync(fd, bytes, 0, KEPT, Math.max(0, size - KEPT));
    return bytes.subarray(bytes.indexOf('\n') + 1, read);
  } finally {
    fs.closeSync(fd);
  }
}
