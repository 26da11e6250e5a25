import type { PerHook } from '../../rules/blob/per-hook.ts';

/** What GET_INFO answers (struct ipt_getinfo). */
export interface TableInfo {
  /** Bit mask of 1 << hook. */
  readonly validHooks: number;
  /** Offsets by hook number; 2^32-1 where the table has no such hook. */
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
  readonly numEntries: number;
  /** Bytes of all entries. */
  readonly size: number;
}

/** Who has the tables. Errors are BpfilterErrors whose errno is the one the socket option would give. */
export interface TableClient {
  getInfo(table: string): TableInfo | Promise<TableInfo>;
  /** The entries with live counters. EAGAIN when the table isn't `size` bytes (any more). */
  getEntries(table: string, size: number): Uint8Array | Promise<Uint8Array>;
}
