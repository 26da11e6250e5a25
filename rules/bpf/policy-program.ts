import { Assembler } from './assembler.ts';
import type { BpfImage } from './image.ts';
import { type Instruction, R0, R1, R2, R6 } from './instruction.ts';
import { type CounterSlices, context, helpers, machineMaps } from './machine-frame.ts';
import { actions, COUNTER_SIZE, headerOffsets, recordOffsets } from './record.ts';

/** What becomes of all packets of a hook. */
export interface Policy {
  readonly accepts: boolean;
  /** Where its counter lies in the slice of a processor; bytes. */
  readonly counter: number;
}

/** The policy of a hook where its chain has no rule; undefined where there is one. */
export function policyAlone({ records }: BpfImage, hook: number): Policy | undefined {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const start = view.getUint32(headerOffsets.start + 4 * hook, true);
  if (start !== view.getUint32(headerOffsets.policy + 4 * hook, true)) return undefined;
  const asks = [recordOffsets.addressMask, recordOffsets.traitMask].some(
    (offset) => view.getBigUint64(start + offset, true) !== 0n,
  );
  const action = view.getUint8(start + recordOffsets.action);
  if (asks || (action !== actions.accept && action !== actions.drop)) return undefined;
  return { accepts: action === actions.accept, counter: view.getUint32(start + recordOffsets.counter, true) };
}

/**
 * What the machine does (machine.ts) where there is nothing to compare: it counts the packet, and accepts or drops it.
 * Most tables leave a hook empty, and this program takes the verifier a twentieth of the time.
 */
export function policyProgram(
  { accepts, counter }: Policy,
  { counters, processors }: CounterSlices,
): readonly Instruction[] {
  const code = new Assembler();
  code.move(R6, R1).call(helpers.processor);
  code.alu('mul', R0, counters * COUNTER_SIZE).alu('add', R0, counter);
  // which tells the verifier that it is aligned
  code.alu('and', R0, -COUNTER_SIZE);
  code.branch(R0, '>', (processors * counters - 1) * COUNTER_SIZE, 'drop');
  code.mapValue(R1, machineMaps.counters).alu('add', R1, { register: R0 });
  code.move(R2, { value: 1 }).atomicAdd(8, R1, 0, R2);
  code.load(4, R2, R6, context.len).atomicAdd(8, R1, 8, R2);
  code.move(R0, { value: accepts ? 1 : 0 }).exit();
  code.label('drop').move(R0, { value: 0 }).exit();
  return code.instructions;
}
