import type { Errno } from '../../protocol/errno.ts';
import type { NftFamily } from '../../protocol/family.ts';
import type { CounterListing } from '../../rules/nft/counter-listing.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import type { XtSupport } from '../../rules/nft/xt.ts';

/** How a document fared; it is one transaction of the kernel, whole or not at all. */
export type CommitResult =
  /** `handles` of the rules that were added, where the transport could learn them on its way. */
  | { readonly kind: 'committed'; readonly handles?: AddedHandles }
  /** Nothing changed: the namespace's rules weren't of the generation that was named. */
  | { readonly kind: 'overtaken'; readonly reason: string }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: string; readonly errno: Errno }
  /** nft was killed, or by us after it took too long: only the kernel knows. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly tookTooLong: boolean };

/** The rule handles that entries got, one rule after the other. */
export interface AddedHandles {
  readonly ids: readonly number[];
  /** Of the rule of `ids` at the same place. */
  readonly handles: readonly number[];
}

/** How documents get to the kernel. */
export interface Transport {
  readonly name: 'netlink' | 'exec';
  /** Why this one, for people. */
  readonly reason: string;
}

/** Tells of a table's counters without listing them. */
export interface CounterGlance {
  /**
   * How many packets each of these chains has let in, by the counter of its first rule; undefined when that isn't
   * counted, or there is no such chain.
   */
  passed(family: NftFamily, table: string, chains: readonly string[]): readonly number[] | undefined;
  /** Of these ids alone; undefined when one of them has none. */
  counters(family: NftFamily, table: string, ids: readonly number[]): CounterListing | undefined;
}

/**
 * Where rules are put in force. Everything throws BpfilterError: `dataplane` when it can't be asked at all
 * or refuses to tell, `timeout` when it doesn't answer.
 */
export interface DataPlane {
  readonly transport: Transport;
  /** With `generation`, only while the namespace's rules are of that one (see below); a transport that can't ask doesn't. */
  commit(document: NftDocument, generation?: number): CommitResult;
  /** All counters of a table that are named for an id; undefined when the kernel has no such table. */
  listCounters(family: NftFamily, table: string): CounterListing | undefined;
  /** Looks at single counters; absent where that costs as much as to list all. */
  readonly glance?: CounterGlance;
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
