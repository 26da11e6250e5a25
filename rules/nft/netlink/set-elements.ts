import type { NftValue } from '../json.ts';
import type { Operand } from './load.ts';
import type { AnonymousSet } from './step.ts';
import { unsupported } from './unsupported.ts';
import { numberOf } from './value.ts';

/** More don't fit one message. */
const MOST = 500;

interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The values behind `{…}` of an operand. nft makes one value of a set of one, so that is none here. */
export function anonymousSet({ key, size, notation }: Operand, values: readonly NftValue[]): AnonymousSet {
  if (key === undefined || size === 16) return unsupported('a set of such values');
  if (values.length < 2 || values.length > MOST) return unsupported(`a set of ${values.length} values`);
  const elements = values.map((value) => intervalOf(value, notation));
  const limit = 2 ** (8 * size);
  for (const { from, to } of elements)
    if (!(from >= 0 && from <= to && to < limit)) unsupported(`${from}-${to} in a set`);
  const intervals = values.some((value) => typeof value === 'object');
  return { key, size, elements: intervals ? merged(elements) : elements, intervals };
}

function intervalOf(value: NftValue, notation: Operand['notation']): Interval {
  if (typeof value !== 'object' || !('range' in value)) {
    const one = numberOf(value, notation);
    return { from: one, to: one };
  }
  const [low, high] = value.range;
  return { from: numberOf(low, notation), to: numberOf(high, notation) };
}

/** Ascending; what touches becomes one. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  for (const one of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last === undefined || one.from > last.to + 1) found.push(one);
    else found[found.length - 1] = { from: last.from, to: Math.max(last.to, one.to) };
  }
  return found;
}
