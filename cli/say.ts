import fs from 'node:fs';
import { harmless } from '../protocol/log-text.ts';

/** Writes to stderr at once, escape sequences of callers' names made harmless; nothing here may use Node's own streams, which would change the terminal's mode for CMD. */
export function sayError(message: string): void {
  say(2, `bpfilter: ${harmless(message)}\n`);
}

/** Writes to stdout at once. */
export function sayOut(text: string | Uint8Array): void {
  say(1, text);
}

/** Writes all of it to a descriptor. */
export function say(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  let at = 0;
  while (at < bytes.length) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      // A pipe that is full for the moment; anything else (closed, broken) can't be helped.
      if (code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
