import type { BlobView } from '../../rules/blob/view.ts';
import type { Version } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';
import type { CounterBook } from './counter-book.ts';
import type { InForce } from './translator.ts';

/** A table as the driver remembers it between requests. */
export interface LiveTable {
  readonly id: TableId;
  readonly view: BlobView;
  /** What nftables has of it; undefined for a table that was never replaced. */
  readonly inForce: InForce | undefined;
  readonly book: CounterBook;
  /** Packets that the table's base chains had let in when the kernel's counters of the book were read, or just before. */
  readonly passed?: readonly number[] | undefined;
  /** Revision of the book. */
  readonly revision: number;
  /** Ids of counters in the kernel that no rule uses any more. */
  readonly garbage: readonly number[];
}

/** The version of counters that belong to a table that was never replaced. */
const NEVER_REPLACED: Version = { instance: '', generation: 0 };

/** The version a table's counters belong to. */
export function countersVersion(inForce: InForce | undefined): Version {
  return inForce?.version ?? NEVER_REPLACED;
}

/** How many entries a table has, heads and end included: as many as it has counters. */
export function entryCount(view: BlobView): number {
  return view.offsets.length;
}
