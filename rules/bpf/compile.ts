import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../blob/view.ts';
import { type ExtensionLookup, naming, tableContext } from '../nft/context.ts';
import { ruleName } from '../nft/plan.ts';
import type { ChainSource } from '../nft/source.ts';
import { findRuns } from '../runs.ts';
import { CompiledRules } from './compiled-rules.ts';
import { fieldSlots } from './field-slots.ts';
import {
  type BpfImage,
  type CounterOf,
  ImageWriter,
  type PlacedChain,
  type RoomOf,
  type Segment,
  type Shape,
} from './image.ts';
import { MOST_JUMPS } from './machine-frame.ts';
import { type Field, HEADER_SIZE, RECORD_SIZE, recordOffsets } from './record.ts';
import type { CompiledRule } from './rule-records.ts';

export interface CompileOptions {
  readonly lookup?: ExtensionLookup;
  /** What rules of the table have become before; kept by the caller. */
  readonly rules?: CompiledRules;
}

const runOptions = { shortest: 16, mostShapes: 8, perShape: 8 } as const;

/** Writes a table with its counters, into memory of its own unless there is room for it. */
export type WriteImage = (counterOf: CounterOf, room?: RoomOf) => BpfImage;

/**
 * Compiles a table whole; what comes back writes it. Throws `not-expressible` for what BPF can't
 * carry, with the rule's name; `loop` where jumps nest deeper than the machine remembers.
 */
export function planImage(source: BlobView, options: CompileOptions = {}): WriteImage {
  const { rules: known = new CompiledRules() } = options;
  const { lookup } = tableContext(source.table, options.lookup === undefined ? {} : { lookup: options.lookup });
  checkDepth(source);
  known.begin(source);
  const shapes = new ShapeBook();
  const placed: PlacedChain[] = [];
  const wanted = new Set<Field>();
  let at = HEADER_SIZE;
  for (const chain of source.chains) {
    const rules = compileChain(source, chain, known, lookup);
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
  const fields = fieldSlots(wanted);
  return (counterOf, room = Buffer.alloc) =>
    new ImageWriter(placed, fields, { source, end: at, counterOf, room }).image();
}

/** A table with its counters in one step; throws as `planImage`. */
export function compileTable(source: BlobView, options: CompileOptions & { readonly counterOf: CounterOf }): BpfImage {
  return planImage(source, options)(options.counterOf);
}

/** Rules of a chain; the error says which one can't be carried. */
function compileChain(source: BlobView, chain: ChainSource, rules: CompiledRules, lookup: ExtensionLookup) {
  const compiled: CompiledRule[] = [];
  let index = chain.first;
  try {
    for (; index <= chain.last; index += 1) compiled.push(rules.of(source, index, lookup));
  } catch (error) {
    return naming(ruleName(chain, index), () => {
      throw error;
    });
  }
  return compiled;
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
function checkDepth({ chains, rule, jump }: BlobView): void {
  if (chains.filter(({ kind }) => kind === 'user').length < MOST_JUMPS) return;
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const depths = new Map<string, number>();
  const depthOf = (chain: ChainSource): number => {
    const known = depths.get(chain.name);
    if (known !== undefined) return known;
    depths.set(chain.name, 0);
    let deepest = 0;
    for (let index = chain.first; index <= chain.last; index += 1) {
      const to = byName.get(jump(index) ?? '');
      if (to === undefined) continue;
      deepest = Math.max(deepest, depthOf(to) + (rule(index).target.kind === 'jump' ? 1 : 0));
    }
    depths.set(chain.name, deepest);
    return deepest;
  };
  for (const chain of chains) {
    if (depthOf(chain) > MOST_JUMPS)
      throw new BpfilterError('loop', `chain ${chain.name}: jumps nest more than ${MOST_JUMPS} deep`);
  }
}
