import type { NftMatch } from '../extension.ts';
import type { Condition, Tests } from './condition.ts';

/** Alternatives of which at most one holds, each a conjunction. `[]` never holds, `[[]]` always. */
export type Alternatives = readonly Tests[];

/** Header and matches of a rule, in order. */
export interface Tested {
  readonly header: Condition;
  readonly matches: readonly NftMatch[];
}

/** Whether a packet can get as far as the counter. */
export function canMatch({ header, matches }: Tested): boolean {
  return header !== 'never' && matches.every(({ alternatives }) => alternatives.length > 0);
}

/** Every way through a header and matches behind it. */
export function waysThrough(header: Tests, matches: readonly NftMatch[]): Alternatives {
  return matches.reduce<Alternatives>(
    (ways, { alternatives }) => ways.flatMap((way) => alternatives.map((tests) => [...way, ...tests])),
    [header],
  );
}
