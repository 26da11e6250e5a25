import type { Errno } from '../../protocol/errno.ts';
import type { NftDocument } from '../../rules/nft/json.ts';

/** What `nft -j list …` prints. */
export interface NftListing {
  readonly nftables: readonly unknown[];
}

/** How a document fared; it is one transaction of the kernel, whole or not at all. */
export type CommitResult =
  | { readonly kind: 'committed' }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: string; readonly errno: Errno }
  /** nft was killed or gave up: only the kernel knows. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Where rules are put in force. Everything throws BpfilterError('dataplane') when it can't be asked
 * at all, or doesn't answer.
 */
export interface DataPlane {
  commit(document: NftDocument): CommitResult;
  /** All named counters of a table; undefined when the kernel has no such table. */
  listCounters(family: NftFamily, table: string): NftListing | undefined;
  /** All of a table, with handles; undefined when the kernel has no such table. */
  listTable(family: NftFamily, table: string): NftListing | undefined;
  /** The chains of every table of a family, other programs' included. */
  listChains(family: NftFamily): NftListing;
}

export type NftFamily = 'ip' | 'ip6';
