import { cannotExpress } from '../extension.ts';
import { FIELD_SLOTS, type Field, fields } from './record.ts';

/** Where each field that a table asks for lies in the frame, as a number of u32. */
export type FieldSlots = ReadonlyMap<Field, number>;

/** Of fields that have the same slot in every table. */
export const usualSlots: Readonly<Partial<Record<Field, number>>> = fields;

/** Slots for the fields of a table. Throws `not-expressible` where there are more fields than slots. */
export function fieldSlots(wanted: Iterable<Field>): FieldSlots {
  const all = new Set(wanted);
  const slots = new Map<Field, number>();
  for (const field of all) {
    const slot = usualSlots[field];
    if (slot !== undefined) slots.set(field, slot);
  }
  const taken = new Set(slots.values());
  let next = 0;
  for (const field of all) {
    if (slots.has(field)) continue;
    while (taken.has(next)) next += 1;
    if (next >= FIELD_SLOTS) cannotExpress(`rules ask for more than ${FIELD_SLOTS} fields of the packet`);
    taken.add(next);
    slots.set(field, next);
  }
  return slots;
}
