import { closeSync, openSync, readSync } from 'node:fs';

/** 8 hex digits at random: a name for an instance of a table. (node:crypto would cost 2 ms of every start.) */
export function randomInstance(): string {
  const descriptor = openSync('/dev/urandom', 'r');
  try {
    const bytes = Buffer.alloc(4);
    readSync(descriptor, bytes);
    return bytes.toString('hex');
  } finally {
    closeSync(descriptor);
  }
}
