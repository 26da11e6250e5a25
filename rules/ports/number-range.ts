import type { NftStatement, NftValue } from '../nft/json.ts';
import { pinned } from '../nft/pin.ts';

/** Numbers from `min` to `max`, both included; none when `min` is greater. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** A field of a transport header that holds one number. */
export interface NumberField {
  readonly protocol: string;
  readonly field: string;
  /** Its greatest value. */
  readonly limit: number;
}

/** A conjunction of statements ([] always holds), or what can't hold. */
export type Condition = readonly NftStatement[] | 'never';

/** The same numbers as few ranges, ascending, apart from each other; empty ranges left out. */
export function mergeRanges(ranges: readonly NumberRange[]): readonly NumberRange[] {
  const merged: NumberRange[] = [];
  for (const range of ranges.filter(({ min, max }) => min <= max).sort((a, b) => a.min - b.min)) {
    const last = merged.at(-1);
    if (last === undefined || range.min > last.max + 1) merged.push(range);
    else merged[merged.length - 1] = { min: last.min, max: Math.max(last.max, range.max) };
  }
  return merged;
}

/**
 * Tests whether a field is in any of the ranges, or, inverted, in none. nft's anonymous sets take no
 * overlaps, so the ranges are merged first; a `!=` with one value is pinned (see nft/pin.ts).
 */
export function numberTest(field: NumberField, ranges: readonly NumberRange[], inverted: boolean): Condition {
  const merged = mergeRanges(ranges);
  const [first] = merged;
  if (first === undefined) return inverted ? [] : 'never';
  if (first.min === 0 && first.max === field.limit) return inverted ? 'never' : [];
  const right = merged.length === 1 ? rangeValue(first) : { set: merged.map(rangeValue) };
  const left = { payload: { protocol: field.protocol, field: field.field } };
  return [inverted ? pinned({ match: { op: '!=', left, right } }) : { match: { op: '==', left, right } }];
}

/** All of them together. */
export function allOf(conditions: readonly Condition[]): Condition {
  const statements: NftStatement[] = [];
  for (const condition of conditions) {
    if (condition === 'never') return 'never';
    statements.push(...condition);
  }
  return statements;
}

function rangeValue({ min, max }: NumberRange): NftValue {
  return min === max ? min : { range: [min, max] };
}
