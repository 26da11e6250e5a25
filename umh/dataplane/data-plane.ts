import type { Errno } from '../../protocol/errno.ts';
import type { NftDocument } from '../../rules/nft/json.ts';

/** How a document fared; it is one transaction of the kernel, whole or not at all. */
export type CommitResult =
  | { readonly kind: 'committed' }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: string; readonly errno: Errno }
  /** nft was killed, or by us after it took too long: only the kernel knows. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly tookTooLong: boolean };

/**
 * Where rules are put in force; listings are the text that `nft -j list …` prints. Everything throws BpfilterError: `dataplane` when it can't be
 * asked at all or refuses to tell, `timeout` when it doesn't answer.
 */
export interface DataPlane {
  commit(document: NftDocument): CommitResult;
  /** All named counters of a table; undefined when the kernel has no such table. */
  listCounters(family: NftFamily, table: string): string | undefined;
  /** All of a table, with handles; undefined when the kernel has no such table. */
  listTable(family: NftFamily, table: string): string | undefined;
  /** The chains of every table of a family, other programs' included. */
  listChains(family: NftFamily): string;
}

export type NftFamily = 'ip' | 'ip6';
