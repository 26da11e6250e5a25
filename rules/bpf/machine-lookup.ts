import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R3, R4, R5, R6, R7, R8, type Register } from './instruction.ts';
import { hashing, SLOT_SIZE, slotOffsets } from './lookup-table.ts';
import { frame, type MachineOptions, machineMaps, NONE } from './machine-frame.ts';
import { RECORD_SIZE, recordOffsets } from './record.ts';

/**
 * Lookups: each probe notes where the first rule of its shape lies that is as the packet, unless an earlier one was
 * found; `take` goes on there. Odd packets are compared with the rules one by one. r3 is the record, as in `machine`.
 */
export function lookup(code: Assembler, options: MachineOptions): void {
  probe(code, options);
  code.label('take').load(8, R1, FP, frame.odd).branch(R1, '!=', 0, 'onward');
  code.load(8, R2, FP, frame.best).constant(R1, BigInt(NONE)).store(8, FP, frame.best, { register: R1 });
  code.branch(R2, '==', { register: R1 }, 'found-none').alu32('mov', R8, { register: R2 }).jump('loop');
  code.label('found-none').load(4, R1, R3, recordOffsets.target).alu32('add', R8, { register: R1 }).jump('loop');
}

function probe(code: Assembler, { size }: MachineOptions): void {
  code.label('probe').load(8, R1, FP, frame.odd).branch(R1, '!=', 0, 'onward');
  code.load(8, R1, R3, recordOffsets.probeAddressMask).alu('and', R1, { register: R6 });
  code.load(8, R2, R3, recordOffsets.probeTraitMask).alu('and', R2, { register: R7 });
  hash(code, R0, [R1, R2]);
  code.alu32('mov', R5, { register: R0 });
  // r0 the hash, r5 the slot
  code.label('probe-slot').mayGoto('drop');
  code.load(4, R4, R3, recordOffsets.tableMask).alu32('and', R5, { register: R4 });
  code.move(R1, R5).alu('mul', R1, SLOT_SIZE);
  code.load(4, R4, R3, recordOffsets.table).alu('add', R1, { register: R4 });
  code.branch(R1, '>', size - SLOT_SIZE, 'drop');
  code.mapValue(R2, machineMaps.records).alu('add', R1, { register: R2 });
  code.load(4, R4, R1, slotOffsets.record).branch(R4, '==', 0, 'onward');
  code.load(4, R1, R1, slotOffsets.hash).branch(R1, '!=', { register: R0 }, 'probe-next');
  code.branch(R4, '>', size - RECORD_SIZE, 'drop');
  code.alu('add', R2, { register: R4 });
  for (const [value, mask, packet] of [
    [recordOffsets.addresses, recordOffsets.addressMask, R6],
    [recordOffsets.traits, recordOffsets.traitMask, R7],
  ] as const) {
    code.load(8, R1, R2, value).alu('xor', R1, { register: packet });
    code.load(8, R3, R2, mask).alu('and', R1, { register: R3 }).branch(R1, '!=', 0, 'probe-other');
  }
  code.load(8, R1, FP, frame.best).branch(R4, '>=', { register: R1 }, 'onward');
  code.store(8, FP, frame.best, { register: R4 }).jump('onward');
  code.label('probe-other').mapValue(R3, machineMaps.records).alu('add', R3, { register: R8 });
  code.label('probe-next').alu32('add', R5, 1).jump('probe-slot');
}

/** `hashOf` of two values of 64 bits, low halves first; r4 and r5 are scratch. */
function hash(code: Assembler, to: Register, values: readonly Register[]): void {
  const fold = (shift: number) =>
    code.alu32('mov', R4, { register: to }).alu32('rsh', R4, shift).alu32('xor', to, { register: R4 });
  code.move(to, { value: 0 });
  for (const value of values) {
    for (const half of [0, 32]) {
      code.move(R5, value).alu('rsh', R5, half);
      code.alu32('xor', to, { register: R5 }).alu32('mul', to, hashing.multiplier);
      fold(hashing.shift);
    }
  }
  code.alu32('mul', to, hashing.lastMultiplier);
  fold(hashing.lastShift);
}
