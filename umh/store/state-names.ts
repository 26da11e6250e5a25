import type { TableId } from '../table-id.ts';

/** Names of the files in a state folder. */
export const stateName = {
  table: (id: TableId) => `${id.key}.table`,
  next: (id: TableId) => `${id.key}.next`,
  counters: (id: TableId) => `${id.key}.counters`,
  /** Room for the counters of a replace, made before the rules are in force. */
  nextCounters: (id: TableId) => `${id.key}.counters.next`,
  /** Handles of nft's rules. */
  handles: (id: TableId) => `${id.key}.handles`,
  order: 'tables',
  lock: 'lock',
  epoch: 'epoch',
  whole: 'whole',
  /** A reset has begun and must be finished. */
  resetting: 'resetting',
} as const;
