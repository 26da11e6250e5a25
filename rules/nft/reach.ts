import type { NftContext } from '../extension.ts';
import type { HeaderMatch, MatchUse } from '../ir.ts';
import type { TableContext } from './context.ts';

/** The hooks that a rule can be reached from, and whether its translation has asked for them. */
export class Reach {
  readonly #hooks: number;
  #isAsked = false;

  /** @param hooks bit mask of 1 << hook number */
  constructor(hooks: number) {
    this.#hooks = hooks;
  }

  get hooks(): number {
    this.#isAsked = true;
    return this.#hooks;
  }

  /** The hooks where they were asked for. */
  get asked(): number | undefined {
    return this.#isAsked ? this.#hooks : undefined;
  }
}

/** What the translation of a match behind `before`, or of a target, may look at. */
export function placeOf(
  header: HeaderMatch,
  { table }: TableContext,
  reach: Reach,
  before: readonly MatchUse[] = [],
): NftContext {
  return {
    header,
    table,
    before,
    get hooks() {
      return reach.hooks;
    },
  };
}
