import type { HookNumber, Rule, TableName } from '../ir.ts';

/** A chain of the table to carry: indices of its entries. */
export interface ChainSource {
  readonly kind: 'builtin' | 'user';
  readonly name: string;
  readonly hook?: HookNumber;
  readonly first: number;
  /** The policy, or the closing RETURN. */
  readonly last: number;
}

/** What the planner reads of a table (rules/blob's BlobView is one). */
export interface TableSource {
  readonly table: TableName;
  /** One for each entry. */
  readonly offsets: { readonly length: number };
  readonly chains: readonly ChainSource[];
  /** Hooks that each entry can be reached from as nf_tables sees it, which looks at every jump: 1 << hook. */
  readonly jumpHooks: ArrayLike<number>;
  /** Decodes one entry. */
  rule(index: number): Rule;
  /** What the entry does, whatever its place and counters. */
  key(index: number): string;
  /**
   * A place for each entry, for what was found out about its key; of entries that were there before it is filled, from
   * whatever hooks they could be reached.
   */
  slots?<T>(owner: ReadonlyMap<string, T>): (T | undefined)[];
}

/** Tells chains of an iptables table apart. */
export function chainIdentity({ kind, name }: Pick<ChainSource, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
