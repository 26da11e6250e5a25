import { randomBytes } from 'node:crypto';
import { clientName } from '../protocol/shim-names.ts';

/** A name for the shim that this process is. */
export function newClient(): string {
  return clientName(process.pid, randomBytes(8).toString('hex'));
}
