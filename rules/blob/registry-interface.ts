import type { AnyMatch, AnyTarget } from '../extension.ts';

/** An extension as a rule names it: what it is, and the layout of the revision asked for. */
export interface Found<Definition extends AnyMatch | AnyTarget> {
  readonly definition: Definition;
  readonly revision: Definition['revisions'][number];
}

/**
 * Where validation looks extensions up. Both throw BpfilterError with the kernel's errno: name
 * unknown ENOENT, name known but not this revision EPROTOTYPE or ENOENT, name without NUL EINVAL
 * (xt_request_find_match and _target, net/netfilter/x_tables.c). The standard target and ERROR
 * belong to the tables and are looked up only in revisions there are none of.
 */
export interface Registry {
  findMatch(name: string, revision: number): Found<AnyMatch>;
  findTarget(name: string, revision: number): Found<AnyTarget>;
}
