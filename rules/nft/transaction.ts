import type { HookChain, NftFamily } from '../../protocol/family.ts';
import type { NftRuleBody, OwnLimit } from './compiled-rule.ts';
import type { TableContext } from './context.ts';
import type { NftCommand, NftObject } from './json.ts';

/** Where a rule goes: before the rule of a handle, or to the end. */
export type Place = { readonly before: number } | 'end';

/** Whether a garbage name is a limit's; what isn't is a counter's. */
const limitPattern = /^l\d/;

/**
 * Commands in the order nft wants them, whatever the order they are asked for: the marker, which stops a
 * stale transaction before anything else; what rules refer to; rules away, rules in; then what no rule
 * refers to any more.
 */
export class Transaction {
  readonly #at: { readonly family: NftFamily; readonly table: string };
  readonly #first: NftCommand[] = [];
  readonly #objects: NftCommand[] = [];
  readonly #chains: NftCommand[] = [];
  readonly #removals: NftCommand[] = [];
  readonly #rules: NftCommand[] = [];
  readonly #flushes: NftCommand[] = [];
  readonly #drops: NftCommand[] = [];

  constructor({ family, nftTable }: TableContext) {
    this.#at = { family: family.nft, table: nftTable };
  }

  commands(): readonly NftCommand[] {
    return [this.#first, this.#objects, this.#chains, this.#removals, this.#rules, this.#flushes, this.#drops].flat();
  }

  /** Moves from one generation to the next, or makes the table, which mustn't be there. */
  marker(old: string | undefined, next: string): void {
    const { family, table: name } = this.#at;
    this.#first.push(old === undefined ? { create: { table: { family, name } } } : { delete: this.#chainObject(old) }, {
      add: this.#chainObject(next),
    });
  }

  counter(name: string): void {
    this.#objects.push({ add: { counter: { ...this.#at, name } } });
  }

  limit({ name, limit }: OwnLimit): void {
    this.#objects.push({ add: { limit: { ...this.#at, name, ...limit } } });
  }

  chain(name: string): void {
    this.#chains.push({ add: this.#chainObject(name) });
  }

  /** A base chain; it lets pass what its rules let pass. */
  baseChain(name: string, { type, hook, priority }: HookChain['nft']): void {
    this.#chains.push({ add: { chain: { ...this.#at, name, type, hook, prio: priority, policy: 'accept' } } });
  }

  filledChain(name: string, rules: readonly NftRuleBody[]): void {
    this.chain(name);
    for (const rule of rules) this.rule(name, rule, 'end');
  }

  /** Rules for one place come in order. */
  rule(chain: string, { comment, expr }: NftRuleBody, place: Place): void {
    const rule = { ...this.#at, chain, ...(comment === undefined ? {} : { comment }), expr };
    this.#rules.push(place === 'end' ? { add: { rule } } : { insert: { rule: { ...rule, handle: place.before } } });
  }

  removeRule(chain: string, handle: number): void {
    this.#removals.push({ delete: { rule: { ...this.#at, chain, handle } } });
  }

  dropChain(name: string): void {
    this.#flushes.push({ flush: this.#chainObject(name) });
    this.#drops.push({ delete: this.#chainObject(name) });
  }

  /** A counter or a limit, by its name. */
  dropObject(name: string): void {
    const object = { ...this.#at, name };
    this.#drops.push({ delete: limitPattern.test(name) ? { limit: object } : { counter: object } });
  }

  /** What belonged to an entry alone: a limit, or a chain. */
  dropOwned(name: string): void {
    if (limitPattern.test(name)) this.dropObject(name);
    else this.dropChain(name);
  }

  #chainObject(name: string): NftObject {
    return { chain: { ...this.#at, name } };
  }
}
