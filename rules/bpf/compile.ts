import { BpfilterError } from '../../protocol/error.ts';
import { type ExtensionLookup, naming, tableContext } from '../nft/context.ts';
import { ruleName } from '../nft/plan.ts';
import type { ChainSource, TableSource } from '../nft/source.ts';
import { findRuns } from '../runs.ts';
import { MOST_JUMPS } from './machine.ts';
import {
  actions,
  COUNTER_SIZE,
  type Field,
  HEADER_SIZE,
  headerOffsets,
  NAME_SIZE,
  PADDING_SIZE,
  RECORD_SIZE,
  recordOffsets,
  SHAPE_KEY_SIZE,
  SHAPE_VALUE_SIZE,
} from './record.ts';
import { compileRule } from './rule.ts';
import type { CompiledRule } from './rule-records.ts';

/** A table as the machine's data. */
export interface BpfImage {
  /** Hooks that it has a chain at, in order. */
  readonly hooks: readonly number[];
  /** The value of the records' map. */
  readonly records: Uint8Array;
  /** Elements of the shapes' map, one after another; none where no lookup is worth it. */
  readonly shapes: { readonly keys: Uint8Array; readonly values: Uint8Array; readonly count: number };
  readonly fields: ReadonlySet<Field>;
  readonly inNames: boolean;
  readonly outNames: boolean;
}

/** What was found out about rules, by their keys; one for each table, kept by the caller. */
export type RuleCache = Map<string, CompiledRule>;

export interface CompileOptions {
  readonly lookup?: ExtensionLookup;
  readonly cache?: RuleCache;
}

const runOptions = { shortest: 16, mostShapes: 8, perShape: 8 } as const;

/** The masks that a lookup is made under. */
interface Shape {
  readonly number: number;
  /** Both masks. */
  readonly text: string;
  readonly addressMask: bigint;
  readonly traitMask: bigint;
}

/** Some rules of a chain as they lie in the records. */
interface Segment {
  readonly first: number;
  readonly last: number;
  /** Of a run that is looked up. */
  readonly shapes: readonly Shape[];
}

interface PlacedChain {
  readonly chain: ChainSource;
  readonly rules: readonly CompiledRule[];
  readonly segments: readonly Segment[];
  /** Where its first record lies. */
  readonly start: number;
  readonly end: number;
}

/** The counter of each entry of the blob, by its place in a slice. */
export type CounterOf = (entry: number) => number;

/**
 * Compiles a table whole; what comes back writes it with its counters. Throws `not-expressible` for what BPF can't
 * carry, with the rule's name; `loop` where jumps nest deeper than the machine remembers.
 */
export function planImage(source: TableSource, options: CompileOptions = {}): (counterOf: CounterOf) => BpfImage {
  const { cache = new Map() } = options;
  const { lookup } = tableContext(source.table, options.lookup === undefined ? {} : { lookup: options.lookup });
  checkDepth(source);
  const shapes = new ShapeBook();
  const placed: PlacedChain[] = [];
  let at = HEADER_SIZE;
  for (const chain of source.chains) {
    const rules = compileChain(source, chain, lookup, cache);
    const segments = segmentsOf(rules, shapes);
    const records = rules.reduce((sum, { records: { length } }) => sum + length, 0);
    const extra = segments.reduce((sum, one) => sum + (one.shapes.length === 0 ? 0 : one.shapes.length + 1), 0);
    const end = at + records + extra * RECORD_SIZE;
    placed.push({ chain, rules, segments, start: at, end });
    at = end;
  }
  prune(cache, source);
  return (counterOf) => new ImageWriter(placed, at, counterOf).image();
}

/** A table with its counters in one step; throws as `planImage`. */
export function compileTable(
  source: TableSource,
  options: CompileOptions & { readonly counterOf: CounterOf },
): BpfImage {
  return planImage(source, options)(options.counterOf);
}

/** Rules of a chain, of those that were there before as they were. */
function compileChain(
  source: TableSource,
  chain: ChainSource,
  lookup: ExtensionLookup,
  cache: RuleCache,
): CompiledRule[] {
  const slots = source.slots?.(cache) ?? [];
  const rules: CompiledRule[] = [];
  for (let index = chain.first; index <= chain.last; index += 1) {
    let rule = slots[index];
    if (rule === undefined) {
      const key = source.key(index);
      rule = cache.get(key) ?? naming(ruleName(chain, index), () => compileRule(source.rule(index), lookup));
      cache.set(key, rule);
      slots[index] = rule;
    }
    rules.push(rule);
  }
  return rules;
}

function prune(cache: RuleCache, source: TableSource): void {
  if (cache.size <= 2 * source.offsets.length + 1000) return;
  const used = new Set(
    source.chains.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, i) => source.key(first + i)),
    ),
  );
  for (const key of cache.keys()) if (!used.has(key)) cache.delete(key);
}

/** Numbers shapes. */
class ShapeBook {
  readonly #known = new Map<string, Shape>();

  of({ records }: CompiledRule, text: string): Shape {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const view = new DataView(records.buffer, records.byteOffset);
    const addressMask = view.getBigUint64(recordOffsets.addressMask, true);
    const traitMask = view.getBigUint64(recordOffsets.traitMask, true);
    const shape = { number: this.#known.size, text, addressMask, traitMask };
    this.#known.set(text, shape);
    return shape;
  }
}

function segmentsOf(rules: readonly CompiledRule[], book: ShapeBook): Segment[] {
  const shapes = new Int32Array(rules.length).fill(-1);
  const byNumber = new Map<number, Shape>();
  if (rules.length >= runOptions.shortest) {
    for (const [at, rule] of rules.entries()) {
      if (rule.lookup === undefined) continue;
      const shape = book.of(rule, rule.lookup.shape);
      // one that takes every packet ends the chain: there is nothing to be looked up
      if (shape.addressMask === 0n && shape.traitMask === 0n) continue;
      shapes[at] = shape.number;
      byNumber.set(shape.number, shape);
    }
  }
  const segments: Segment[] = [];
  let next = 0;
  for (const { first, last } of findRuns(shapes, runOptions)) {
    if (next < first) segments.push({ first: next, last: first - 1, shapes: [] });
    const numbers = new Set(shapes.subarray(first, last + 1));
    segments.push({ first, last, shapes: [...numbers].flatMap((one) => byNumber.get(one) ?? []) });
    next = last + 1;
  }
  if (next < rules.length) segments.push({ first: next, last: rules.length - 1, shapes: [] });
  return segments;
}

/** ip_tables remembers as many jumps as there are chains; the machine `MOST_JUMPS`. */
function checkDepth({ chains, rule }: TableSource): void {
  if (chains.filter(({ kind }) => kind === 'user').length < MOST_JUMPS) return;
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const depths = new Map<string, number>();
  const depthOf = (chain: ChainSource): number => {
    const known = depths.get(chain.name);
    if (known !== undefined) return known;
    depths.set(chain.name, 0);
    let deepest = 0;
    for (let index = chain.first; index <= chain.last; index += 1) {
      const { target } = rule(index);
      if (target.kind !== 'jump' && target.kind !== 'goto') continue;
      const to = byName.get(target.chain);
      if (to !== undefined) deepest = Math.max(deepest, depthOf(to) + (target.kind === 'jump' ? 1 : 0));
    }
    depths.set(chain.name, deepest);
    return deepest;
  };
  for (const chain of chains) {
    if (depthOf(chain) > MOST_JUMPS)
      throw new BpfilterError('loop', `chain ${chain.name}: jumps nest more than ${MOST_JUMPS} deep`);
  }
}

/** Puts the records together. */
class ImageWriter {
  readonly #chains: readonly PlacedChain[];
  readonly #counterOf: (entry: number) => number;
  readonly #records: Buffer;
  readonly #names = new Map<string, number>();
  readonly #nameBytes: Uint8Array[] = [];
  readonly #namesAt: number;
  readonly #keys: Buffer;
  readonly #values: Buffer;
  #keyCount = 0;
  #lookups = 0;
  readonly #starts: ReadonlyMap<string, number>;
  readonly #seen = new Set<string>();

  constructor(chains: readonly PlacedChain[], end: number, counterOf: (entry: number) => number) {
    this.#chains = chains;
    this.#counterOf = counterOf;
    this.#namesAt = end;
    const names = new Set(chains.flatMap(({ rules }) => rules.flatMap((rule) => rule.names.map(nameKey))));
    this.#records = Buffer.alloc(end + names.size * NAME_SIZE + PADDING_SIZE);
    this.#starts = new Map(chains.map(({ chain, start }) => [identity(chain.kind, chain.name), start]));
    const most = chains.reduce(
      (sum, { segments }) =>
        sum +
        segments.reduce((count, { first, last, shapes }) => count + (shapes.length > 0 ? last - first + 1 : 0), 0),
      0,
    );
    this.#keys = Buffer.alloc(most * SHAPE_KEY_SIZE);
    this.#values = Buffer.alloc(most * SHAPE_VALUE_SIZE);
  }

  image(): BpfImage {
    const fields = new Set<Field>();
    let [inNames, outNames] = [false, false];
    const hooks: number[] = [];
    for (const placed of this.#chains) {
      this.#writeChain(placed);
      for (const { fields: used, direction } of placed.rules) {
        for (const field of used) fields.add(field);
        inNames ||= direction.in;
        outNames ||= direction.out;
      }
      const { hook } = placed.chain;
      if (hook === undefined) continue;
      hooks.push(hook);
      this.#records.writeUInt32LE(placed.start, headerOffsets.start + 4 * hook);
      const policy = placed.end - (placed.rules.at(-1)?.records.length ?? 0);
      this.#records.writeUInt32LE(policy, headerOffsets.policy + 4 * hook);
    }
    for (const [index, bytes] of this.#nameBytes.entries()) this.#records.set(bytes, this.#namesAt + index * NAME_SIZE);
    const count = this.#keyCount;
    return {
      hooks,
      records: this.#records,
      shapes: {
        keys: this.#keys.subarray(0, count * SHAPE_KEY_SIZE),
        values: this.#values.subarray(0, count * SHAPE_VALUE_SIZE),
        count,
      },
      fields,
      inNames,
      outNames,
    };
  }

  #writeChain({ chain, rules, segments, start }: PlacedChain): void {
    let at = start;
    for (const { first, last, shapes } of segments) {
      if (shapes.length > 0) at = this.#writeLookups(at, shapes, rules.slice(first, last + 1));
      for (let index = first; index <= last; index += 1) {
        const rule = rules[index];
        if (rule === undefined) continue;
        this.#writeRule(at, rule, chain.first + index);
        at += rule.records.length;
      }
    }
  }

  #writeRule(at: number, rule: CompiledRule, entry: number): void {
    const records = this.#records;
    records.set(rule.records, at);
    const verdict = at + rule.records.length - RECORD_SIZE;
    records.writeUInt32LE(this.#counterOf(entry) * COUNTER_SIZE, verdict + recordOffsets.counter);
    if (rule.chain !== undefined)
      records.writeUInt32LE(this.#starts.get(identity('user', rule.chain)) ?? 0, verdict + recordOffsets.target);
    for (const one of rule.names) {
      records.writeUInt32LE(this.#nameAt(one), at + one.record * RECORD_SIZE + recordOffsets.subject);
    }
  }

  #nameAt(one: CompiledRule['names'][number]): number {
    const key = nameKey(one);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const place = this.#namesAt + this.#nameBytes.length * NAME_SIZE;
    this.#nameBytes.push(Buffer.concat([maskedName(one), one.name.mask]));
    this.#names.set(key, place);
    return place;
  }

  /** A probe for each shape, then what takes the first rule that was found. The rules stand behind. */
  #writeLookups(start: number, shapes: readonly Shape[], rules: readonly CompiledRule[]): number {
    const records = this.#records;
    let at = start;
    const numbers = new Map<string, number>();
    for (const { text, addressMask, traitMask } of shapes) {
      const number = this.#lookups++;
      numbers.set(text, number);
      records.writeUInt8(actions.probe, at + recordOffsets.action);
      records.writeUInt32LE(number, at + recordOffsets.subject);
      records.writeBigUInt64LE(addressMask, at + recordOffsets.probeAddressMask);
      records.writeBigUInt64LE(traitMask, at + recordOffsets.probeTraitMask);
      at += RECORD_SIZE;
    }
    records.writeUInt8(actions.take, at + recordOffsets.action);
    records.writeUInt32LE((rules.length + 1) * RECORD_SIZE, at + recordOffsets.target);
    at += RECORD_SIZE;
    const first = at;
    this.#seen.clear();
    let place = first;
    for (const { records: from, lookup } of rules) {
      // the first of equal ones is the one that matches
      if (lookup !== undefined && !this.#seen.has(lookup.compare)) {
        this.#seen.add(lookup.compare);
        const key = this.#keyCount * SHAPE_KEY_SIZE;
        this.#keys.writeUInt32LE(numbers.get(lookup.shape) ?? 0, key);
        for (let index = 0; index < 8; index += 1) {
          this.#keys[key + 8 + index] = from[recordOffsets.addresses + index] ?? 0;
          this.#keys[key + 16 + index] = from[recordOffsets.traits + index] ?? 0;
        }
        this.#values.writeUInt32LE(place, this.#keyCount * SHAPE_VALUE_SIZE);
        this.#keyCount += 1;
      }
      place += from.length;
    }
    return first;
  }
}

function identity(kind: ChainSource['kind'], name: string): string {
  return `${kind} ${name}`;
}

/** Bits that the mask hides aren't looked at, and may differ. */
function maskedName({ name: { name, mask } }: CompiledRule['names'][number]): Uint8Array {
  return name.map((byte, at) => byte & (mask[at] ?? 0));
}

function nameKey(one: CompiledRule['names'][number]): string {
  return `${Buffer.from(maskedName(one)).toString('hex')} ${Buffer.from(one.name.mask).toString('hex')}`;
}
