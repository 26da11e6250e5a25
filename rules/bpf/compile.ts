import { BpfilterError } from '../../protocol/error.ts';
import { type ExtensionLookup, naming, tableContext } from '../nft/context.ts';
import { ruleName } from '../nft/plan.ts';
import type { ChainSource, TableSource } from '../nft/source.ts';
import { findRuns } from '../runs.ts';
import { fieldSlots } from './field-slots.ts';
import { type BpfImage, type CounterOf, ImageWriter, type PlacedChain, type Segment, type Shape } from './image.ts';
import { MOST_JUMPS } from './machine-frame.ts';
import { type Field, HEADER_SIZE, RECORD_SIZE, recordOffsets } from './record.ts';
import { compileRule } from './rule.ts';
import type { CompiledRule } from './rule-records.ts';

/** What was found out about rules, by their keys; one for each table, kept by the caller. */
export type RuleCache = Map<string, CompiledRule>;

export interface CompileOptions {
  readonly lookup?: ExtensionLookup;
  readonly cache?: RuleCache;
}

const runOptions = { shortest: 16, mostShapes: 8, perShape: 8 } as const;

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
  const wanted = new Set<Field>();
  let at = HEADER_SIZE;
  for (const chain of source.chains) {
    const rules = compileChain(source, chain, lookup, cache);
    const shapeOf = shapesOf(rules, shapes);
    const segments = segmentsOf(shapeOf, shapes);
    let end = at;
    for (const { records, fields } of rules) {
      end += records.length;
      for (const field of fields) wanted.add(field);
    }
    for (const one of segments) if (one.shapes.length > 0) end += (one.shapes.length + 1) * RECORD_SIZE;
    placed.push({ chain, rules, shapeOf, segments, start: at, end });
    at = end;
  }
  prune(cache, source);
  const fields = fieldSlots(wanted);
  return (counterOf) => new ImageWriter(placed, fields, { end: at, counterOf }).image();
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
      rule = cache.get(key) ?? compileNamed(source, chain, index, lookup);
      cache.set(key, rule);
      slots[index] = rule;
    }
    rules.push(rule);
  }
  return rules;
}

/** One rule; the error says which. */
function compileNamed(source: TableSource, chain: ChainSource, index: number, lookup: ExtensionLookup): CompiledRule {
  try {
    return compileRule(source.rule(index), lookup);
  } catch (error) {
    return naming(ruleName(chain, index), () => {
      throw error;
    });
  }
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
  readonly #byNumber: Shape[] = [];

  of({ records }: CompiledRule, text: string): Shape {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const view = new DataView(records.buffer, records.byteOffset);
    const addressMask = view.getBigUint64(recordOffsets.addressMask, true);
    const traitMask = view.getBigUint64(recordOffsets.traitMask, true);
    const shape = { number: this.#known.size, addressMask, traitMask };
    this.#known.set(text, shape);
    this.#byNumber.push(shape);
    return shape;
  }

  numbered(number: number): Shape | undefined {
    return this.#byNumber[number];
  }
}

/** The number of each rule's shape; −1 where it can't be looked up. */
function shapesOf(rules: readonly CompiledRule[], book: ShapeBook): Int32Array {
  const shapes = new Int32Array(rules.length).fill(-1);
  if (rules.length < runOptions.shortest) return shapes;
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at];
    if (rule?.shape === undefined) continue;
    const shape = book.of(rule, rule.shape);
    // one that takes every packet ends the chain: there is nothing to be looked up
    if (shape.addressMask !== 0n || shape.traitMask !== 0n) shapes[at] = shape.number;
  }
  return shapes;
}

function segmentsOf(shapeOf: Int32Array, book: ShapeBook): Segment[] {
  const segments: Segment[] = [];
  let next = 0;
  for (const { first, last } of findRuns(shapeOf, runOptions)) {
    if (next < first) segments.push({ first: next, last: first - 1, shapes: [] });
    const rules = new Map<number, number>();
    for (const number of shapeOf.subarray(first, last + 1)) rules.set(number, (rules.get(number) ?? 0) + 1);
    const shapes = [...rules].flatMap(([number, rules]) => {
      const shape = book.numbered(number);
      return shape === undefined ? [] : [{ ...shape, rules }];
    });
    segments.push({ first, last, shapes });
    next = last + 1;
  }
  if (next < shapeOf.length) segments.push({ first: next, last: shapeOf.length - 1, shapes: [] });
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
