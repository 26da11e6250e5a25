import { readMeta } from './meta.ts';
import { decodeRecord, encodeRecord } from './record.ts';

/** `tables`: the keys of the tables in use, in order of first use. */
export function encodeOrder(keys: readonly string[]): Uint8Array[] {
  return encodeRecord('tables', { keys: keys.join(' ') });
}

/** Throws BpfilterError('state') for what can't be believed. */
export function decodeOrder(bytes: Uint8Array): string[] {
  return readMeta(decodeRecord('tables', bytes).meta)
    .text('keys')
    .split(' ')
    .filter((key) => key !== '');
}
