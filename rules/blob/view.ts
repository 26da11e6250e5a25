import type { Rule, TableName } from '../ir.ts';
import { type ChainGraph, type ChainView, findChains } from './chains.ts';
import { decodeRule } from './decode.ts';
import type { EntryForm } from './entry-form.ts';
import { FormBook } from './form-book.ts';
import { hooksByJumps } from './jump-reach.ts';
import { keptEntries } from './kept-entries.ts';
import { RuleKeys } from './key.ts';
import { type BlobLayout, ipv4Layout } from './layout.ts';
import type { PerHook } from './per-hook.ts';
import { markSourceChains } from './reach.ts';
import type { Registry } from './registry-interface.ts';
import { type TableParts, unchangedEntries } from './unchanged.ts';
import { type WalkedTable, walkEntries } from './walk.ts';

/** Who keeps something of type T in the slots of a view: an object told apart by identity. */
export type SlotOwner<T> = ReadonlyMap<string, T>;

/** A table as the caller's bytes, and what is to be known of them without decoding each rule. */
export interface BlobView {
  readonly table: TableName;
  readonly layout: BlobLayout;
  readonly entries: Uint8Array;
  /** Entry i starts at offsets[i]. */
  readonly offsets: Uint32Array;
  /** Hooks that entry i can be reached from: 1 << hook. GET_ENTRIES shows it as `comefrom`. */
  readonly hooks: Uint8Array;
  /** The same as nf_tables sees it, which also looks at jumps behind a rule that ends its chain for all packets. */
  readonly jumpHooks: Uint8Array;
  readonly validHooks: number;
  /** As GET_INFO says them: 2^32-1 at hooks that aren't valid. */
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
  /** The entries as words. */
  readonly words: Uint32Array;
  /** By entry, and where they stand. */
  readonly forms: readonly EntryForm[];
  readonly book: FormBook;
  /** In blob order. */
  readonly chains: readonly ChainView[];
  /** The name of the chain that an entry jumps or goes to, if it does. */
  jump(index: number): string | undefined;
  /** Decodes one entry. Throws `malformed` for a chain's head and the table's end. */
  rule(index: number): Rule;
  /**
   * The entry's bytes as latin1 text, for comparing: nfcache, comefrom and counters masked, and a
   * jump's verdict replaced by the chain's name behind the bytes.
   */
  key(index: number): string;
  /**
   * A place for each entry where its owner keeps what it has found out; what hangs on the key alone. Entries that the
   * next table has, too, take it along.
   */
  slots<T>(owner: SlotOwner<T>): (T | undefined)[];
}

export interface ViewOptions {
  readonly layout?: BlobLayout;
  /** Where ports are looked for that make no form of their own; that of the tables that follow it. */
  readonly registry?: Registry;
}

/** Where the hooks of a table are: not to be told from its entries alone. */
export interface HookPoints {
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
}

/**
 * A view of entries that were validated before (from the state on disk). Every check but those of
 * extensions is made again. `bytes` is aliased and must not change. Throws as `validateReplace`.
 */
export function viewTable(
  table: TableName,
  entries: Uint8Array,
  points: HookPoints,
  { layout = ipv4Layout, registry }: ViewOptions = {},
): BlobView {
  const { validHooks } = layout.family.tables[table];
  const { hookEntry, underflow } = points;
  const book = new FormBook(layout, registry);
  const walked = walkEntries({ layout, entries, validHooks, hookEntry, underflow }, { book });
  return createView(table, walked, markSourceChains(walked), findChains(walked));
}

interface Inside extends TableParts {
  readonly keys: RuleKeys;
  readonly slots: Map<SlotOwner<unknown>, unknown[]>;
}

const insides = new WeakMap<BlobView, Inside>();

/**
 * Lets a view take over the keys of entries that an earlier view of its table has, too. Gives, by entry, the entry of
 * the earlier one that has the same key, or -1 where none was found at its place.
 */
export function inheritKeys(view: BlobView, previous: BlobView): Int32Array {
  const [inside, before] = [insides.get(view), insides.get(previous)];
  if (inside === undefined || before === undefined || view.layout !== previous.layout)
    return new Int32Array(view.offsets.length).fill(-1);
  const unchanged = unchangedEntries(inside, before);
  inside.keys.inherit(before.keys, unchanged);
  for (const [owner, old] of before.slots) {
    const slots: unknown[] = new Array(unchanged.length);
    for (let index = 0; index < slots.length; index += 1) {
      const from = unchanged[index] ?? -1;
      slots[index] = from < 0 ? undefined : old[from];
    }
    inside.slots.set(owner, slots);
  }
  return unchanged;
}

/**
 * By entry: the entry of an earlier view of its table that it goes on from, or -1: one of the same key in the chain of the
 * same name, in order.
 */
export function keptOf(view: BlobView, previous: BlobView): Int32Array {
  const [inside, before] = [insides.get(view), insides.get(previous)];
  if (inside === undefined || before === undefined || view.layout !== previous.layout)
    return new Int32Array(view.offsets.length).fill(-1);
  return keptEntries(inside, before);
}

/** Puts a view together from what was found in a table. */
export function createView(table: TableName, walked: WalkedTable, hooks: Uint8Array, graph: ChainGraph): BlobView {
  const keys = new RuleKeys(walked, graph);
  const slots = new Map<SlotOwner<unknown>, unknown[]>();
  const view: BlobView = {
    table,
    layout: walked.layout,
    entries: walked.entries,
    offsets: walked.offsets,
    hooks,
    jumpHooks: hooksByJumps(graph, walked.offsets.length),
    validHooks: walked.validHooks,
    hookEntry: walked.hookEntry,
    underflow: walked.underflow,
    words: walked.words,
    forms: walked.forms,
    book: walked.book,
    chains: graph.chains,
    jump: (index) => graph.chains[graph.jumps[index] ?? -1]?.name,
    rule: (index) => decodeRule(walked, graph, index),
    key: (index) => keys.key(index),
    slots<T>(owner: SlotOwner<T>) {
      const own = slots.get(owner) ?? new Array(walked.offsets.length).fill(undefined);
      slots.set(owner, own);
      // what an owner finds is what it has put there
      return own as (T | undefined)[];
    },
  };
  insides.set(view, { walked, graph, keys, slots });
  return view;
}
