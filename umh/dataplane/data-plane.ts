import type { Errno } from '../../protocol/errno.ts';
import type { NftFamily } from '../../protocol/family.ts';
import type { CounterListing } from '../../rules/nft/counter-listing.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import type { XtSupport } from '../../rules/nft/xt.ts';

/** How a document fared; it is one transaction of the kernel, whole or not at all. */
export type CommitResult =
  | { readonly kind: 'committed' }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: string; readonly errno: Errno }
  /** nft was killed, or by us after it took too long: only the kernel knows. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly tookTooLong: boolean };

/** How documents get to the kernel. */
export interface Transport {
  readonly name: 'netlink' | 'exec';
  /** Why this one, for people. */
  readonly reason: string;
}

/**
 * Where rules are put in force. Everything throws BpfilterError: `dataplane` when it can't be asked at all
 * or refuses to tell, `timeout` when it doesn't answer.
 */
export interface DataPlane {
  readonly transport: Transport;
  commit(document: NftDocument): CommitResult;
  /** All counters of a table that are named for an id; undefined when the kernel has no such table. */
  listCounters(family: NftFamily, table: string): CounterListing | undefined;
  /** The rule handles of each id of a table; undefined when the kernel has no such table. */
  listHandles(family: NftFamily, table: string): ReadonlyMap<number, readonly number[]> | undefined;
  /**
   * A number that every change of rules in this network namespace moves on by one, mod 2^32, whoever
   * makes it; undefined where it can't be had.
   */
  generation(): number | undefined;
  /** Whether there is a table of that name, whoever made it. */
  hasTable(family: NftFamily, table: string): boolean;
  /** Which of the kernel's own xt extensions a rule may hold. */
  readonly xt: XtSupport;
  /** The chains of every table of a family, other programs' included. */
  listChains(family: NftFamily): readonly ListedChain[];
}
