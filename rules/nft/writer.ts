import { BpfilterError } from '../../protocol/error.ts';
import type { PlannedEntry } from './analysis.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { naming } from './context.ts';
import { type ChainDiff, hasRules, ruleCount, type TableDiff } from './diff.ts';
import { Inliner } from './inline.ts';
import type { InstalledChain, InstalledEntry } from './installed.ts';
import { counterName } from './names.ts';
import { entryParts, type PlannedChain, ruleName, type TablePlan } from './plan.ts';
import { compileParts } from './rule.ts';
import type { ChainSource } from './source.ts';
import { type Place, Transaction } from './transaction.ts';

/** The rule handles of an entry, in order; none where it has no rules. */
export type HandlesOf = (id: number) => readonly number[];

/** Writes the chains of a diff into a transaction and gives new entries their ids. */
export class ChainWriter {
  readonly transaction: Transaction;
  /** By entry of the blob. */
  readonly ids: Float64Array;
  readonly #plan: TablePlan;
  readonly #handles: HandlesOf;
  readonly #inliner: Inliner;
  #nextId: number;

  constructor({ plan, old, moved }: TableDiff, handles: HandlesOf) {
    this.transaction = new Transaction(plan.context);
    this.ids = new Float64Array(plan.source.offsets.length);
    this.#plan = plan;
    this.#handles = handles;
    this.#nextId = (old ?? moved)?.nextId ?? 1;
    for (const chain of plan.chains) if (isInlined(plan, chain.source)) this.#reserve(chain);
    this.#inliner = new Inliner(plan, this.ids);
  }

  /** Counters of a chain whose rules stand elsewhere. */
  #reserve({ source, entries }: PlannedChain): void {
    for (let index = source.first; index < source.first + entries.length; index += 1) {
      this.ids[index] = this.#nextId;
      this.transaction.counter(counterName(this.#nextId));
      this.#nextId += 1;
    }
  }

  get nextId(): number {
    return this.#nextId;
  }

  write(diff: ChainDiff): InstalledChain {
    const { chain, old, head, isRewritten, removed, removedPolicy } = diff;
    const { source } = chain;
    const { context } = this.#plan;
    const what = { kind: source.kind, name: source.name, planned: chain };
    if (isInlined(this.#plan, source)) {
      const idOf = (at: number) => this.ids[source.first + at] ?? 0;
      return { ...what, entries: chain.entries.map(({ key }, at) => ({ id: idOf(at), key })) };
    }
    const name = context.chainName(source.name, source.kind);
    const hookName = context.hookName(source.name);
    if (old === undefined) this.#newChain(source, name, hookName);
    if (isRewritten) this.transaction.removeRules(name);
    else for (const { id } of removed) this.#remove(name, id);
    if (removedPolicy !== undefined) this.#remove(hookName, removedPolicy.id);
    const rules = ruleCount(chain);
    const places = this.#places(diff, rules);
    const entries = old?.entries.slice(0, head) ?? [];
    for (let at = head; at < chain.entries.length; at += 1) {
      const stays = old?.entries[diff.kept[at] ?? -1];
      const chainOf = at < rules ? name : hookName;
      entries.push(stays ?? this.#add(chain, at, chainOf, places[at - head] ?? 'end'));
    }
    for (let at = 0; at < entries.length; at += 1) this.ids[source.first + at] = entries[at]?.id ?? 0;
    return { ...what, entries };
  }

  #newChain({ kind, name, hook }: ChainSource, nftName: string, hookName: string): void {
    const { family, table } = this.#plan.context;
    this.transaction.chain(nftName);
    if (kind === 'user') return;
    const description = family.tables[table].chains.find((chain) => chain.hook === hook);
    if (description === undefined) throw new BpfilterError('malformed', `table ${table} has no chain ${name}`);
    this.transaction.baseChain(hookName, description.nft);
    this.transaction.rule(hookName, { expr: [{ counter: null }, { jump: { target: nftName } }] }, 'end');
  }

  #remove(nftChain: string, id: number): void {
    for (const handle of this.#handles(id)) this.transaction.removeRule(nftChain, handle);
  }

  /** For each entry behind the head, where its rules go if it is new: before the next rule that stays. */
  #places({ chain, old, kept, head }: ChainDiff, rules: number): readonly Place[] {
    const places: Place[] = [];
    let place: Place = 'end';
    let anchor: number | undefined;
    for (let at = rules - 1; at >= head; at -= 1) {
      const entry = chain.entries[at];
      if (entry === undefined) continue;
      const stays = old?.entries[kept[at] ?? -1];
      if (stays !== undefined) {
        if (hasRules(entry)) anchor = stays.id;
        continue;
      }
      if (anchor !== undefined && hasRules(entry)) {
        place = { before: this.#firstHandle(anchor) };
        anchor = undefined;
      }
      places[at - head] = place;
    }
    return places;
  }

  #firstHandle(id: number): number {
    const [handle] = this.#handles(id);
    if (handle === undefined)
      throw new BpfilterError('dataplane', `no rule of ${counterName(id)} is in the kernel, though one should be`);
    return handle;
  }

  /** Adds the entry that stands at that place of its chain. */
  #add(chain: PlannedChain, at: number, nftChain: string, place: Place): InstalledEntry {
    const id = this.#nextId;
    this.#nextId += 1;
    const compiled = this.#compile(chain, at, id);
    this.transaction.counter(counterName(id));
    for (const object of compiled.objects) this.transaction.object(object);
    for (const { name, rules } of compiled.chains) this.transaction.filledChain(name, rules);
    for (const rule of compiled.rules) this.transaction.rule(nftChain, rule, place);
    return { id, key: chain.entries[at]?.key ?? '', ...ownedBy(compiled) };
  }

  #compile(chain: PlannedChain, at: number, id: number): CompiledRule {
    const index = chain.source.first + at;
    const entry = chain.entries[at];
    if (entry === undefined) throw new BpfilterError('malformed', `chain ${chain.source.name} has no entry ${at}`);
    const { leadsTo } = entry.analysis;
    if (leadsTo !== undefined && this.#plan.inlined.has(leadsTo)) {
      this.ids[index] = id;
      return this.#inliner.expand(chain, at);
    }
    return naming(ruleName(chain.source, index), () => compileEntry(this.#plan, index, entry, id));
  }
}

function isInlined({ inlined }: TablePlan, { kind, name }: ChainSource): boolean {
  return kind === 'user' && inlined.has(name);
}

/** Translates the entry of a plan that stands at `index` in the blob. Throws what its target throws. */
export function compileEntry(
  plan: TablePlan,
  index: number,
  { analysis, covered }: PlannedEntry,
  id: number,
): CompiledRule {
  return compileParts(analysis.parts ?? plan.fresh.get(analysis) ?? entryParts(plan, index), id, covered);
}

/** The names that must go when the entry goes. */
export function ownedBy({ objects, chains }: CompiledRule): Pick<InstalledEntry, 'owned'> {
  const owned = [...objects, ...chains].map(({ name }) => name);
  return owned.length === 0 ? {} : { owned };
}
