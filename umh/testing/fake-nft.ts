import { errno } from '../../protocol/errno.ts';
import type { NftFamily } from '../../protocol/family.ts';
import { CounterListing } from '../../rules/nft/counter-listing.ts';
import type { NftCommand, NftDocument, NftObject } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import { withoutXt } from '../../rules/nft/xt.ts';
import type { CommitResult, CounterGlance, DataPlane, Transport } from '../dataplane/data-plane.ts';

interface FakeTable {
  /** Counter names that a chain's rules count in, rule by rule. */
  readonly chains: Map<string, string[]>;
  readonly counters: Map<string, { packets: number; bytes: number }>;
}

class Refusal extends Error {}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Refusal(`${what}: No such file or directory`);
  return value;
}

function makeNew<T>(map: Map<string, T>, name: string, value: T, exclusive: boolean): void {
  if (exclusive && map.has(name)) throw new Refusal(`${name}: File exists`);
  if (!map.has(name)) map.set(name, value);
}

function copyOf(tables: ReadonlyMap<string, FakeTable>): Map<string, FakeTable> {
  const copy = ([name, { chains, counters }]: [string, FakeTable]): [string, FakeTable] => {
    const rules = [...chains].map(([chain, list]): [string, string[]] => [chain, [...list]]);
    return [name, { chains: new Map(rules), counters: new Map(counters) }];
  };
  return new Map([...tables].map(copy));
}

/**
 * A kernel with just enough of nftables for the driver's transactions: tables, chains, counter
 * objects, rules that count in one; each document whole or not at all.
 */
export class FakeNft implements DataPlane {
  readonly transport: Transport = { name: 'exec', reason: 'a fake' };
  #tables = new Map<string, FakeTable>();
  /** Makes the next document fail as the kernel refuses what it can't do. */
  refuseNext: string | undefined;
  /** Makes nft be killed during the next document, before or after the kernel has taken it. */
  killNext: 'before' | 'after' | undefined;
  /** What somebody else does before the kernel looks at the next document. */
  beforeNext: (() => void) | undefined;
  documents = 0;
  /** Packets that every chain has let in. */
  #passed = 0;
  /** Listings of all counters. */
  listings = 0;
  #generation = 1;

  readonly xt = withoutXt;

  hasTable(_family: NftFamily, table: string): boolean {
    return this.#tables.has(table);
  }

  commit(document: NftDocument, generation?: number): CommitResult {
    this.documents += 1;
    const before = this.beforeNext;
    this.beforeNext = undefined;
    before?.();
    if (generation !== undefined && generation !== this.#generation) return { kind: 'overtaken', reason: 'overtaken' };
    const refusal = this.refuseNext;
    this.refuseNext = undefined;
    if (refusal !== undefined) return { kind: 'refused', reason: refusal, errno: errno.EOPNOTSUPP };
    const kill = this.killNext;
    this.killNext = undefined;
    if (kill === 'before') return { kind: 'unknown', reason: 'nft was killed', tookTooLong: false };
    const tables = copyOf(this.#tables);
    try {
      for (const command of document.nftables) this.#run(tables, command);
    } catch (error) {
      if (error instanceof Refusal) return { kind: 'refused', reason: error.message, errno: errno.EIO };
      throw error;
    }
    this.#tables = tables;
    this.#generation += 1;
    return kill === 'after' ? { kind: 'unknown', reason: 'nft was killed', tookTooLong: false } : { kind: 'committed' };
  }

  #run(tables: Map<string, FakeTable>, command: NftCommand): void {
    if ('create' in command) this.#make(tables, command.create, true);
    else if ('add' in command) this.#make(tables, command.add, false);
    else if ('delete' in command) this.#delete(tables, command.delete);
    else throw new Error(`the fake can't do ${JSON.stringify(command)}`);
  }

  #make(tables: Map<string, FakeTable>, object: NftObject, exclusive: boolean): void {
    if ('table' in object) {
      makeNew(tables, object.table.name, { chains: new Map(), counters: new Map() }, exclusive);
      return;
    }
    if ('chain' in object) {
      makeNew(need(tables.get(object.chain.table), 'table').chains, object.chain.name, [], exclusive);
      return;
    }
    if ('counter' in object) {
      const { counters } = need(tables.get(object.counter.table), 'table');
      makeNew(counters, object.counter.name, { packets: 0, bytes: 0 }, exclusive);
      return;
    }
    if (!('rule' in object)) throw new Error(`the fake can't make ${JSON.stringify(object)}`);
    const table = need(tables.get(object.rule.table), 'table');
    for (const statement of object.rule.expr ?? []) {
      if (typeof statement !== 'object' || !('counter' in statement) || statement.counter === null) continue;
      need(table.counters.get(statement.counter), statement.counter);
      need(table.chains.get(object.rule.chain), 'chain').push(statement.counter);
    }
  }

  #delete(tables: Map<string, FakeTable>, object: NftObject): void {
    if ('table' in object) {
      need(tables.get(object.table.name), 'table');
      tables.delete(object.table.name);
    } else if ('chain' in object) {
      const { chains } = need(tables.get(object.chain.table), 'table');
      need(chains.get(object.chain.name), object.chain.name);
      chains.delete(object.chain.name);
    } else if ('counter' in object) {
      const { chains, counters } = need(tables.get(object.counter.table), 'table');
      const { name } = object.counter;
      need(counters.get(name), name);
      if ([...chains.values()].flat().includes(name)) throw new Refusal(`${name}: Device or resource busy`);
      counters.delete(name);
    } else throw new Error(`the fake can't delete ${JSON.stringify(object)}`);
  }

  /** Sends a packet of so many bytes through every rule of a table; returns the counters it hit. */
  traffic(table: string, bytes: number): string[] {
    this.#passed += 1;
    const found = this.#tables.get(table);
    const hit = [...(found?.chains.values() ?? [])].flat();
    for (const name of hit) {
      const counter = found?.counters.get(name);
      if (counter === undefined) continue;
      found?.counters.set(name, { packets: counter.packets + 1, bytes: counter.bytes + bytes });
    }
    return hit;
  }

  /** A packet that was let in a while ago gets to the rule of a counter. */
  late(table: string, name: string, bytes: number): void {
    const counter = this.#tables.get(table)?.counters.get(name);
    if (counter === undefined) return;
    counter.packets += 1;
    counter.bytes += bytes;
  }

  /** Somebody else's `nft flush ruleset`. */
  flush(): void {
    this.#tables = new Map();
    this.#generation += 1;
  }

  /** Somebody else's `nft flush chain`. */
  flushChain(table: string, chain: string): void {
    this.#tables.get(table)?.chains.set(chain, []);
    this.#generation += 1;
  }

  generation(): number {
    return this.#generation;
  }

  chainsOf(table: string): readonly string[] | undefined {
    const found = this.#tables.get(table);
    return found === undefined ? undefined : [...found.chains.keys()];
  }

  countersOf(table: string): readonly string[] {
    return [...(this.#tables.get(table)?.counters.keys() ?? [])];
  }

  readonly glance: CounterGlance = {
    passed: (_family, table, chains) => (this.#tables.has(table) ? chains.map(() => this.#passed) : undefined),
    counters: (_family, table, ids) => {
      const found = this.#listing(table);
      const wanted = [...(found ?? [])].filter(([id]) => ids.includes(id));
      return wanted.length === ids.length ? CounterListing.of(wanted) : undefined;
    },
  };

  listCounters(_family: NftFamily, table: string): CounterListing | undefined {
    this.listings += 1;
    return this.#listing(table);
  }

  #listing(table: string): CounterListing | undefined {
    const found = this.#tables.get(table);
    if (found === undefined) return undefined;
    return CounterListing.of(
      [...found.counters].map(
        ([name, { packets, bytes }]) =>
          [Number(name.slice(1)), { packets: BigInt(packets), bytes: BigInt(bytes) }] as const,
      ),
    );
  }

  listHandles(_family: NftFamily, table: string): ReadonlyMap<number, readonly number[]> | undefined {
    const found = this.#tables.get(table);
    if (found === undefined) return undefined;
    const rules = [...found.chains.values()].flat();
    return new Map(rules.map((counter, handle) => [Number(counter.slice(1)), [handle]]));
  }

  listChains(): readonly ListedChain[] {
    return [...this.#tables].flatMap(([table, { chains }]) => [...chains.keys()].map((name) => ({ table, name })));
  }
}
