import type { HookChain, NftFamily } from '../../protocol/family.ts';
import type { NamedObject, NftRuleBody } from './compiled-rule.ts';
import type { TableContext } from './context.ts';
import type { NftCommand, NftNamed, NftObject, OwnObjectBody } from './json.ts';
import { isOwnTable, type ObjectKind, objectKind } from './names.ts';
import { outOfForce } from './out-of-force.ts';

/** Where a rule goes: before the rule of a handle, or to the end. */
export type Place = { readonly before: number } | 'end';

/**
 * Commands in the order nft wants them, whatever the order they are asked for: the marker, which stops a
 * stale transaction before anything else; what rules refer to; rules away, rules in; then what no rule
 * refers to any more.
 */
export class Transaction {
  readonly #context: TableContext;
  readonly #at: { readonly family: NftFamily; readonly table: string };
  readonly #first: NftCommand[] = [];
  readonly #objects: NftCommand[] = [];
  readonly #chains: NftCommand[] = [];
  readonly #removals: NftCommand[] = [];
  readonly #rules: NftCommand[] = [];
  readonly #flushes: NftCommand[] = [];
  readonly #drops: NftCommand[] = [];

  constructor(context: TableContext) {
    this.#context = context;
    this.#at = { family: context.family.nft, table: context.nftTable };
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

  /** Takes another table, of this generation, out of force. Its counters stay. */
  abandon(table: string, marker: string): void {
    const { family, table: successor } = this.#at;
    if (isOwnTable(successor)) {
      // what is left of an earlier move
      const rest = { table: { family, name: successor } };
      this.#first.push({ add: rest }, { delete: rest });
    }
    this.#first.push(...outOfForce(this.#context, table, marker));
  }

  counter(name: string): void {
    this.#objects.push({ add: { counter: { ...this.#at, name } } });
  }

  object({ name, body }: NamedObject): void {
    this.#objects.push({ add: addedObject({ ...this.#at, name }, body) });
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

  /** All that a chain has. */
  removeRules(chain: string): void {
    this.#removals.push({ flush: this.#chainObject(chain) });
  }

  dropChain(name: string): void {
    this.#flushes.push({ flush: this.#chainObject(name) });
    this.#drops.push({ delete: this.#chainObject(name) });
  }

  /** A counter, or another object, by its name. */
  dropObject(name: string): void {
    const object = { ...this.#at, name };
    const kind = objectKind(name);
    this.#drops.push({ delete: kind === undefined ? { counter: object } : deletedObject(kind, object) });
  }

  /** What belonged to an entry alone: an object, or a chain. */
  dropOwned(name: string): void {
    if (objectKind(name) !== undefined) this.dropObject(name);
    else this.dropChain(name);
  }

  #chainObject(name: string): NftObject {
    return { chain: { ...this.#at, name } };
  }
}

function addedObject(at: NftNamed, body: OwnObjectBody): NftObject {
  if ('limit' in body) return { limit: { ...at, ...body.limit } };
  if ('quota' in body) return { quota: { ...at, ...body.quota } };
  if ('set' in body) return { set: { ...at, ...body.set } };
  if ('ct helper' in body) return { 'ct helper': { ...at, ...body['ct helper'] } };
  return { 'ct timeout': { ...at, ...body['ct timeout'] } };
}

function deletedObject(kind: ObjectKind, at: NftNamed): NftObject {
  switch (kind) {
    case 'limit':
      return { limit: at };
    case 'quota':
      return { quota: at };
    case 'set':
      return { set: at };
    case 'ct helper':
      return { 'ct helper': at };
    case 'ct timeout':
      return { 'ct timeout': at };
    default:
      return kind satisfies never;
  }
}
