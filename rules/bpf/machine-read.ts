import type { Assembler } from './assembler.ts';
import { FP, type Operand, R1, R2, R3, R4, R6 } from './instruction.ts';
import { frame, helpers, type MachineOptions } from './machine-frame.ts';
import type { Field } from './record.ts';

/** Where a field of the table's lies. */
export function fieldOf({ fields }: MachineOptions, name: Field): number {
  const slot = fields.get(name);
  if (slot === undefined) throw new RangeError(`the table doesn't ask for ${name}`);
  return frame.fields + 4 * slot;
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
