import type { NftExpression, NftValue } from '../json.ts';
import { bytesOf, datumOfBytes, isSmall } from './datum.ts';
import type { Evaluation } from './evaluation.ts';
import type { Load, Operand } from './load.ts';
import { type Evaluated, subjectOf } from './operand.ts';
import { apart, intervalOf, isInterval, points, setContent } from './set-content.ts';
import type { SetContent, SetElement } from './set-model.ts';
import { unsupported } from './unsupported.ts';
import { datumOf, prefixMask } from './value.ts';

type NftMap = Extract<NftExpression, { readonly map: { readonly key: unknown } }>['map'];
/** The map that an expression is, if it is one. */
export function mapOf(expression: NftExpression | { readonly lastOf: unknown }): NftMap | undefined {
  if (typeof expression !== 'object' || Array.isArray(expression) || !('map' in expression)) return undefined;
  return (expression as { readonly map: NftMap }).map;
}

type Pair = readonly [NftValue, NftValue];

/** What a map says to a key, as values of a place. */
export function mapLoad({ key, data }: NftMap, target: Operand, evaluation: Evaluation): Load {
  const evaluated = subjectOf(key, evaluation);
  if (typeof data === 'string') {
    if (!data.startsWith('@')) return unsupported(`map ${data}`);
    return { kind: 'map', of: evaluated.subject, map: data.slice(1) };
  }
  const map = content(evaluated, target, data.set);
  evaluation.sets.push(map);
  return { kind: 'map', of: evaluated.subject, map };
}

/** Whether a map's values are intervals themselves. */
export function saysIntervals({ data }: NftMap): boolean {
  return typeof data !== 'string' && data.set.some(([, value]) => isInterval(value));
}

function content({ operand, plain, shift }: Evaluated, target: Operand, pairs: readonly Pair[]): SetContent {
  if (target.key === undefined || operand.key === undefined) return unsupported('a map of such values');
  const { size, hostOrder = false } = target;
  const spans = pairs.some(([, value]) => isInterval(value));
  const data = { key: target.key, size: spans ? 2 * size : size, hostOrder, intervals: spans };
  const key = plain ? operand.key : { type: operand.key.type };
  const said = pairs.map(([, value]) => (spans ? span(value, target) : datumOf(value, target)));
  const keys = pairs.map(([one]) => one);
  if (!keys.some(isInterval)) {
    const set = setContent({ ...operand, key }, keys, { shift, merges: false });
    const elements = set.elements.map((element, at): SetElement => {
      const datum = said[at];
      return datum === undefined ? element : { ...element, data: datum };
    });
    return { ...set, elements, data };
  }
  if ((operand.hostOrder === true && operand.size > 1) || !isSmall(operand.size) || shift !== 0)
    return unsupported('intervals of such keys');
  const intervals = apart(keys.map((one, at) => ({ ...intervalOf(one, operand), data: said[at] })));
  const { points: elements, declared } = points(intervals, operand.size);
  return { key, size: operand.size, hostOrder: false, intervals: true, data, elements, declared };
}

/** The first and the last value of a prefix, one behind the other. */
function span(value: NftValue, target: Operand) {
  if (typeof value === 'object' && 'prefix' in value) {
    const from = bytesOf(datumOf(value.prefix.addr, target));
    const mask = bytesOf(prefixMask(value.prefix.len, target.size));
    return datumOfBytes(Uint8Array.of(...from, ...from.map((byte, at) => byte | (~(mask[at] ?? 0) & 0xff))));
  }
  const [low, high] = typeof value === 'object' && 'range' in value ? value.range : [value, value];
  return datumOfBytes(Uint8Array.of(...bytesOf(datumOf(low, target)), ...bytesOf(datumOf(high, target))));
}
