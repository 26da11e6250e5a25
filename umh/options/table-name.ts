import { BpfilterError } from '../../protocol/error.ts';
import type { AddressFamily } from '../../protocol/family.ts';
import { XT_TABLE_MAXNAMELEN } from '../../protocol/x-tables.ts';
import { findTable, type TableId } from '../table-id.ts';

/** The table that an option's first field names, at most 31 bytes of it, as in the kernel. Throws `no-such-table`. */
export function tableNamed(family: AddressFamily, option: Uint8Array): TableId {
  let end = 0;
  while (end < XT_TABLE_MAXNAMELEN - 1 && option[end] !== 0) end += 1;
  const name = Buffer.from(option.buffer, option.byteOffset, end).toString('latin1');
  const id = findTable(family, name);
  if (id === undefined) throw new BpfilterError('no-such-table', `no table "${name}"`);
  return id;
}
