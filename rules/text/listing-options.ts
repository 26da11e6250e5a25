/** What of a table is listed, and how. */
export interface ListingOptions {
  /** Only this chain; an unknown one lists nothing. */
  readonly chain?: string;
  /** Only this rule of each listed chain, from 1, and no heading. */
  readonly ruleNumber?: number;
  /** -n: numbers, no names; the caller's `Names` aren't asked for addresses and services. */
  readonly numeric?: boolean;
  /** -v: counters and interfaces; in -S the counters. */
  readonly verbose?: boolean;
  /** -x: counters in full. */
  readonly exact?: boolean;
  /** --line-numbers */
  readonly lineNumbers?: boolean;
}
