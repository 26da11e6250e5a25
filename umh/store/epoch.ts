import { closeSync, readSync, writeSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import { openStanding } from './standing-file.ts';

/** One u32 for each table, and one for the order of first use. */
const EPOCH_SLOTS = 16;
export const ORDER_SLOT = EPOCH_SLOTS - 1;

/**
 * The change counters of a state folder. Who holds the state lock bumps a table's before and after
 * every change; a driver that sees the number it remembers may trust its memory.
 */
export interface Epoch {
  /** The counters as the last `refresh` or `bump` found them. */
  readonly now: Uint32Array;
  /** Reads the counters: once for each time the lock was taken. */
  refresh(): void;
  /** Counts one change; returns the new number. */
  bump(slot: number): number;
}

/** The file `path`, made when it isn't there. It stays open: reading it is one system call. */
export function openEpoch(path: string): Epoch & { close(): void } {
  const descriptor = openStanding(path);
  const counters = new Uint32Array(EPOCH_SLOTS);
  const bytes = new Uint8Array(counters.buffer);
  return {
    now: counters,
    refresh() {
      const length = readSync(descriptor, bytes, 0, bytes.length, 0);
      // A new file is shorter: what isn't there counts as 0.
      if (length < bytes.length) bytes.fill(0, length);
    },
    bump(slot) {
      const next = ((counters[slot] ?? 0) + 1) >>> 0;
      counters[slot] = next;
      if (writeSync(descriptor, bytes, 0, bytes.length, 0) !== bytes.length) {
        throw new BpfilterError('state', `short write to ${path}`);
      }
      return next;
    },
    close: () => closeSync(descriptor),
  };
}
