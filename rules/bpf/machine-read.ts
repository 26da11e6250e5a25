import type { Assembler } from './assembler.ts';
import { FP, type Operand, R0, R1, R2, R3, R4, R5, R6, R8, type Register } from './instruction.ts';
import { frame, helpers, type MachineOptions, machineMaps } from './machine-frame.ts';
import { type Field, RECORD_SIZE } from './record.ts';

/** Where a field of the table's lies. */
export function fieldOf({ fields }: MachineOptions, name: Field): number {
  const slot = fields.get(name);
  if (slot === undefined) throw new RangeError(`the table doesn't ask for ${name}`);
  return frame.fields + 4 * slot;
}

/** r3 becomes the record that r8 tells, at a place that the verifier knows for aligned. */
export function record(code: Assembler): Assembler {
  return code
    .move(R3, R8)
    .alu('and', R3, -RECORD_SIZE)
    .mapValue(R5, machineMaps.records)
    .alu('add', R3, { register: R5 });
}

export interface BytesWanted {
  /** Bytes behind the IP header's begin. */
  readonly from: Operand;
  readonly to: number;
  readonly size: number;
}

/** r0: 0, or negative where they aren't there; r6 is the context. */
export function loadBytes(code: Assembler, { from, to, size }: BytesWanted): Assembler {
  return code
    .alu('mov', R2, from)
    .move(R1, R6)
    .move(R3, FP)
    .alu('add', R3, to)
    .move(R4, { value: size })
    .call(helpers.skbLoadBytes);
}

/** Reads bytes where a record is looked at; a packet that hasn't got them is dropped. */
export function loadInto(
  code: Assembler,
  { from, to, size }: { readonly from: Register; readonly to: number; readonly size: number },
): Assembler {
  return code
    .move(R2, from)
    .load(8, R1, FP, frame.context)
    .move(R3, FP)
    .alu('add', R3, to)
    .move(R4, { value: size })
    .call(helpers.skbLoadBytes)
    .branch(R0, '!=', 0, 'drop');
}

/** r1 gets a pointer that is `offset` behind what r1 points to; 0 where that can't be read. */
export function follow(code: Assembler, offset: number): Assembler {
  return code
    .alu('add', R1, offset)
    .move(R3, R1)
    .store(8, FP, frame.scratch, 0)
    .move(R1, FP)
    .alu('add', R1, frame.scratch)
    .move(R2, { value: 8 })
    .call(helpers.probeReadKernel)
    .load(8, R1, FP, frame.scratch);
}
