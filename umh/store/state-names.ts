import type { TableId } from '../table-id.ts';

/** Names of the files in a state folder. */
export const stateName = {
  table: (id: TableId) => `${id.key}.table`,
  next: (id: TableId) => `${id.key}.next`,
  counters: (id: TableId) => `${id.key}.counters`,
  /** Room for the next counters: of a replace, and of the request that adds to them. */
  spareCounters: (id: TableId) => `${id.key}.counters.spare`,
  /** Handles of nft's rules. */
  handles: (id: TableId) => `${id.key}.handles`,
  /** Room for the next small journal. */
  spareJournal: 'spare-journal',
  order: 'tables',
  lock: 'lock',
  epoch: 'epoch',
  whole: 'whole',
  /** A reset has begun and must be finished. */
  resetting: 'resetting',
} as const;
