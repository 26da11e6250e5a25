import { mergeRanges, type NumberRange } from '../ports/number-range.ts';
import type { Field } from './record.ts';
import { type BpfMatch, type FieldTest, masked, none, within } from './test.ts';

type Groups = BpfMatch['groups'];

/** No packet. */
export const never: Groups = [[]];

/**
 * Whether one of the fields lies in one of the ranges; inverted: none in none. `limit` is the fields' greatest value.
 */
export function rangeGroups(
  fields: readonly Field[],
  limit: number,
  ranges: readonly NumberRange[],
  inverted: boolean,
): Groups {
  const merged = mergeRanges(ranges);
  if (merged.some(({ min, max }) => min === 0 && max >= limit)) return inverted ? never : [];
  const tests = fields.flatMap((field) => merged.map(({ min, max }): FieldTest => within(field, min, max)));
  return inverted ? none(tests) : [tests];
}

/** The kernel's `((field & mask) == value) ^ inverted`: a value with bits outside of the mask can't be met. */
export function bitsGroups(field: Field, mask: number, value: number, inverted: boolean): Groups {
  const isVain = (value & ~mask) !== 0;
  if (isVain || mask === 0) return isVain === inverted ? [] : never;
  return [[masked(field, value, mask, inverted)]];
}
