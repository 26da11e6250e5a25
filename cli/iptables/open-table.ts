import { errno } from '../../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../../protocol/error.ts';
import { isTableName } from '../../protocol/family.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import type { TableClient } from './table-client.ts';

/** XT_TABLE_MAXNAMELEN (linux/netfilter/x_tables.h): bytes of a table's name, its NUL included. */
const maxTableName = 32;

/** So often a table may change between its size and its entries before we believe that something is wrong. */
const attempts = 100;

/**
 * Reads a table as libiptc does: its size, then its entries, again from the start when it changed in
 * between (libiptc.c, TC_INIT). Throws what the client throws, or `malformed` (EINVAL) for too long a name.
 */
export async function openTable(name: string, client: TableClient): Promise<BlobView> {
  if (name.length >= maxTableName) throw new BpfilterError('malformed', `table name of ${name.length} bytes`);
  for (let attempt = 1; ; attempt += 1) {
    const { size, hookEntry, underflow } = await client.getInfo(name);
    if (!isTableName(name)) throw new BpfilterError('no-such-table', `no table "${name}"`);
    try {
      return viewTable(name, await client.getEntries(name, size), { hookEntry, underflow });
    } catch (error) {
      if (attempt === attempts || errnoOf(error) !== errno.EAGAIN) throw error;
    }
  }
}
