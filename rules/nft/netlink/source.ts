import type { NftExpression } from '../json.ts';
import type { Evaluation } from './evaluation.ts';
import type { Expression } from './expression.ts';
import type { Operand } from './load.ts';
import { immediate, subjectExpressions } from './load-expressions.ts';
import { mapLoad, mapOf } from './map.ts';
import { subjectOf } from './operand.ts';
import type { Slot } from './registers.ts';
import { unsupported } from './unsupported.ts';
import { datumOf } from './value.ts';

/** Puts into a register what a statement stores in a place: a constant, another key, what a map says. */
export function sourceExpressions(
  value: NftExpression,
  target: Operand,
  evaluation: Evaluation,
  slot: Slot = 0,
): readonly Expression[] {
  if (isConstant(value)) return [immediate(slot, datumOf(value, target))];
  const map = mapOf(value);
  if (map !== undefined) return subjectExpressions({ load: mapLoad(map, target, evaluation), size: target.size }, slot);
  const { operand, subject, shift } = subjectOf(value, evaluation);
  if (operand.size !== target.size || (operand.hostOrder ?? false) !== (target.hostOrder ?? false) || shift !== 0)
    return unsupported(`${JSON.stringify(value)} as a value`);
  return subjectExpressions(subject, slot);
}

function isConstant(value: NftExpression): boolean {
  return typeof value !== 'object' || Array.isArray(value);
}
