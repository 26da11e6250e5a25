import { cannotExpress } from '../extension.ts';
import { FIELD_SLOTS, type Field, fields, memoryFields } from './record.ts';

/** Where each field that a table asks for lies in the frame, as a number of u32. */
export type FieldSlots = ReadonlyMap<Field, number>;

/** Of fields that have the same slot in every table. */
export const usualSlots: Readonly<Partial<Record<Field, number>>> = fields;

/**
 * Those that are written again in the loop: at odd slots, where the verifier takes what is stored for anything at all,
 * in each round the same; of multiples of 8 bytes it keeps book.
 */
const inLoop: ReadonlySet<Field> = new Set<Field>(['registerA', 'registerX']);

/** Slots for the fields of a table. Throws `not-expressible` where there are more fields than slots. */
export function fieldSlots(wanted: Iterable<Field>): FieldSlots {
  const all = new Set(wanted);
  const slots = new Map<Field, number>();
  for (const field of all) {
    const slot = usualSlots[field];
    if (slot !== undefined) slots.set(field, slot);
  }
  const taken = new Set(slots.values());
  const free = (first: 0 | 1, step: 1 | 2) => {
    let slot: number = first;
    while (taken.has(slot)) slot += step;
    return slot;
  };
  const place = (field: Field, slot: number) => {
    if (slot >= FIELD_SLOTS) cannotExpress(`rules ask for more than ${FIELD_SLOTS} fields of the packet`);
    taken.add(slot);
    slots.set(field, slot);
  };
  const rare = [...all].filter((field) => !slots.has(field));
  for (const field of rare) if (inLoop.has(field)) place(field, free(1, 2));
  // what classic programs remember where there is no such slot left, too
  for (const field of rare) if (isMemory(field)) place(field, free(1, 2) < FIELD_SLOTS ? free(1, 2) : free(0, 1));
  for (const field of rare) if (!inLoop.has(field) && !isMemory(field)) place(field, free(0, 1));
  return slots;
}

function isMemory(field: Field): boolean {
  return memoryFields.some((memory) => memory === field);
}
