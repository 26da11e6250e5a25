import { readSync, writeSync } from 'node:fs';
import { openStanding } from './standing-file.ts';

/** Two u32 a table: 1 when known, and nftables' generation. */
const RECORD = 8;

/**
 * nftables' generation when a table's rules were last known to be all there, for all drivers of the
 * namespace. Only a hint: what is missing or can't be written makes a driver look at the rules.
 */
export interface WholeNotes {
  get(slot: number): number | undefined;
  set(slot: number, generation: number): void;
}

/** The file `path`, made when it isn't there; it stays open. Throws `state` when it can't be. */
export function openWholeNotes(path: string): WholeNotes {
  const descriptor = openStanding(path);
  const record = new Uint32Array(2);
  return {
    get(slot) {
      const length = readSync(descriptor, record, 0, RECORD, slot * RECORD);
      return length === RECORD && record[0] === 1 ? record[1] : undefined;
    },
    set(slot, generation) {
      record.set([1, generation]);
      try {
        writeSync(descriptor, record, 0, RECORD, slot * RECORD);
      } catch {
        // A full disk: the next driver looks for itself.
      }
    },
  };
}

/** Notes in memory only. */
export function wholeNotes(): WholeNotes {
  const notes = new Map<number, number>();
  return { get: (slot) => notes.get(slot), set: (slot, generation) => void notes.set(slot, generation) };
}
