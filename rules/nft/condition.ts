import type { NftStatement } from './json.ts';

/** A conjunction of tests; `[]` always holds. */
export type Tests = readonly NftStatement[];

/** What a test of the kernel comes down to. */
export type Condition = Tests | 'never';
