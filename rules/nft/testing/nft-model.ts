import type { NftCommand, NftDocument, NftObject, NftRule } from '../json.ts';

interface ModelRule {
  readonly handle: number;
  readonly rule: NftRule;
}

/** A small model of what nft does with our documents; it refuses what the kernel would refuse. */
export class NftModel {
  chains = new Map<string, ModelRule[]>();
  objects = new Set<string>();
  #exists = false;
  #nextHandle = 1;

  apply({ nftables }: NftDocument): void {
    for (const command of nftables) this.#run(command);
    this.#checkReferences();
  }

  /** As `nft -j list table` prints it, as far as anyone of ours reads it. */
  listing(): string {
    const chains = [...this.chains.keys()].map((name) => ({ chain: { name } }));
    const rules = [...this.chains].flatMap(([chain, list]) =>
      list.map(({ handle, rule }) => ({ rule: { ...rule, chain, handle } })),
    );
    return JSON.stringify({ nftables: [{ metainfo: {} }, ...chains, ...rules] });
  }

  #run(command: NftCommand): void {
    if ('create' in command) {
      if (this.#exists) throw new Error('table exists');
      this.#exists = true;
    } else if ('add' in command) this.#add(command.add);
    else if ('insert' in command) this.#insert(command.insert);
    else if ('delete' in command) this.#delete(command.delete);
    else if ('chain' in command.flush) this.#chain(command.flush.chain.name).length = 0;
  }

  #add(object: NftObject): void {
    if ('rule' in object) this.#chain(object.rule.chain).push(this.#numbered(object.rule));
    else if ('chain' in object) {
      if (this.chains.has(object.chain.name)) throw new Error(`chain ${object.chain.name} exists`);
      this.chains.set(object.chain.name, []);
    } else {
      const name = objectName(object);
      if (this.objects.has(name)) throw new Error(`${name} exists`);
      this.objects.add(name);
    }
  }

  #insert(object: NftObject): void {
    if (!('rule' in object)) throw new Error('only rules are inserted');
    const chain = this.#chain(object.rule.chain);
    chain.splice(place(chain, object.rule.handle), 0, this.#numbered(object.rule));
  }

  #delete(object: NftObject): void {
    if ('rule' in object) {
      const chain = this.#chain(object.rule.chain);
      chain.splice(place(chain, object.rule.handle), 1);
    } else if ('chain' in object) {
      if (this.#chain(object.chain.name).length > 0) throw new Error(`chain ${object.chain.name} has rules`);
      this.chains.delete(object.chain.name);
    } else if (!this.objects.delete(objectName(object))) throw new Error(`no ${objectName(object)}`);
  }

  #numbered({ handle: _, ...rule }: NftRule): ModelRule {
    const handle = this.#nextHandle;
    this.#nextHandle += 1;
    return { handle, rule };
  }

  #chain(name: string): ModelRule[] {
    const chain = this.chains.get(name);
    if (chain === undefined) throw new Error(`no chain ${name}`);
    return chain;
  }

  #checkReferences(): void {
    for (const { rule } of [...this.chains.values()].flat()) {
      for (const statement of rule.expr ?? []) {
        const named =
          'counter' in statement
            ? (statement.counter ?? undefined)
            : 'limit' in statement && typeof statement.limit === 'string'
              ? statement.limit
              : undefined;
        if (named !== undefined && !this.objects.has(named)) throw new Error(`no ${named}`);
        const target =
          'jump' in statement ? statement.jump.target : 'goto' in statement ? statement.goto.target : undefined;
        if (target !== undefined) this.#chain(target);
      }
    }
  }
}

function place(chain: readonly ModelRule[], handle: number | undefined): number {
  const at = chain.findIndex((rule) => rule.handle === handle);
  if (at < 0) throw new Error(`no rule with handle ${handle}`);
  return at;
}

function objectName(object: NftObject): string {
  if ('counter' in object) return object.counter.name;
  if ('limit' in object) return object.limit.name;
  throw new Error(`not an object: ${JSON.stringify(object)}`);
}
