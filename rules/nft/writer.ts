import { BpfilterError } from '../../protocol/error.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { naming } from './context.ts';
import { type ChainDiff, type EntryStep, hasRules, type TableDiff } from './diff.ts';
import { Inliner } from './inline.ts';
import type { InstalledChain, InstalledEntry } from './installed.ts';
import { counterName } from './names.ts';
import { entryParts, type PlannedChain, type PlannedEntry, ruleName, type TablePlan } from './plan.ts';
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
  #reserve({ entries }: PlannedChain): void {
    for (const { index } of entries) {
      this.ids[index] = this.#nextId;
      this.transaction.counter(counterName(this.#nextId));
      this.#nextId += 1;
    }
  }

  get nextId(): number {
    return this.#nextId;
  }

  write({ chain, isNew, steps, policy, removed, removedPolicy }: ChainDiff): InstalledChain {
    const { source } = chain;
    const { context } = this.#plan;
    if (isInlined(this.#plan, source)) {
      const entries = chain.entries.map(({ index, key }) => ({ id: this.ids[index] ?? 0, key }));
      return { kind: source.kind, name: source.name, entries };
    }
    const name = context.chainName(source.name, source.kind);
    const hookName = context.hookName(source.name);
    if (isNew) this.#newChain(source, name, hookName);
    for (const { id } of removed) this.#remove(name, id);
    if (removedPolicy !== undefined) this.#remove(hookName, removedPolicy.id);
    const places = this.#places(steps);
    const entries = steps.map((step, at) => this.#step(chain, step, name, places[at] ?? 'end'));
    if (policy !== undefined) entries.push(this.#step(chain, policy, hookName, 'end'));
    return { kind: source.kind, name: source.name, entries };
  }

  #newChain({ kind, name, hook }: ChainSource, nftName: string, hookName: string): void {
    const { family, table } = this.#plan.context;
    this.transaction.chain(nftName);
    if (kind === 'user') return;
    const description = family.tables[table].chains.find((chain) => chain.hook === hook);
    if (description === undefined) throw new BpfilterError('malformed', `table ${table} has no chain ${name}`);
    this.transaction.baseChain(hookName, description.nft);
    this.transaction.rule(hookName, { expr: [{ jump: { target: nftName } }] }, 'end');
  }

  #remove(nftChain: string, id: number): void {
    for (const handle of this.#handles(id)) this.transaction.removeRule(nftChain, handle);
  }

  /** For each step, where its rules go if it is new: before the next rule that stays. */
  #places(steps: readonly EntryStep[]): readonly Place[] {
    const places: Place[] = [];
    let place: Place = 'end';
    let anchor: number | undefined;
    for (let at = steps.length - 1; at >= 0; at -= 1) {
      const step = steps[at];
      if (step === undefined) continue;
      if (step.kept !== undefined) {
        if (hasRules(step.entry)) anchor = step.kept.id;
        continue;
      }
      if (anchor !== undefined && hasRules(step.entry)) {
        place = { before: this.#firstHandle(anchor) };
        anchor = undefined;
      }
      places[at] = place;
    }
    return places;
  }

  #firstHandle(id: number): number {
    const [handle] = this.#handles(id);
    if (handle === undefined)
      throw new BpfilterError('dataplane', `no rule of ${counterName(id)} is in the kernel, though one should be`);
    return handle;
  }

  #step(chain: PlannedChain, { entry, kept }: EntryStep, nftChain: string, place: Place): InstalledEntry {
    const installed = kept ?? this.#add(chain, entry, nftChain, place);
    this.ids[entry.index] = installed.id;
    return installed;
  }

  #add(chain: PlannedChain, entry: PlannedEntry, nftChain: string, place: Place): InstalledEntry {
    const id = this.#nextId;
    this.#nextId += 1;
    const compiled = this.#compile(chain, entry, id);
    this.transaction.counter(counterName(id));
    for (const object of compiled.objects) this.transaction.object(object);
    for (const { name, rules } of compiled.chains) this.transaction.filledChain(name, rules);
    for (const rule of compiled.rules) this.transaction.rule(nftChain, rule, place);
    return { id, key: entry.key, ...ownedBy(compiled) };
  }

  #compile(chain: PlannedChain, entry: PlannedEntry, id: number): CompiledRule {
    const { leadsTo } = entry.analysis;
    if (leadsTo !== undefined && this.#plan.inlined.has(leadsTo)) {
      this.ids[entry.index] = id;
      return this.#inliner.expand(chain, entry);
    }
    return naming(ruleName(chain.source, entry.index), () => compileEntry(this.#plan, entry, id));
  }
}

function isInlined({ inlined }: TablePlan, { kind, name }: ChainSource): boolean {
  return kind === 'user' && inlined.has(name);
}

/** Translates an entry of a plan. Throws what its target throws. */
export function compileEntry(plan: TablePlan, { index, analysis, covered }: PlannedEntry, id: number): CompiledRule {
  return compileParts(analysis.parts ?? entryParts(plan, index), id, covered);
}

/** The names that must go when the entry goes. */
export function ownedBy({ objects, chains }: CompiledRule): Pick<InstalledEntry, 'owned'> {
  const owned = [...objects, ...chains].map(({ name }) => name);
  return owned.length === 0 ? {} : { owned };
}
