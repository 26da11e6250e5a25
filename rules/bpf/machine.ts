import { Assembler } from './assembler.ts';
import { FP, type Instruction, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 } from './instruction.ts';
import { DEPTH_MASK, frame, type MachineOptions, MOST_JUMPS, machineMaps, odd, PLACE_MASK } from './machine-frame.ts';
import { lookLabel, looks } from './machine-looks.ts';
import { lookup } from './machine-lookup.ts';
import { prologue } from './machine-packet.ts';
import { actions, COUNTER_SIZE, headerOffsets, NAME_SIZE, RECORD_SIZE, ROUND, recordOffsets } from './record.ts';

/**
 * The program that filters at one hook: a machine that works off records (record.ts). One program for each hook; what differs
 * from table to table is data. It is a socket filter that the kernel's own xt match `bpf` runs, so it sees the packet
 * from its IP header on, and its result is that match's: 1 for a packet that is accepted.
 *
 * Registers throughout the loop:
 *   r6 addresses, r7 traits of the packet (record.ts), r8 where the record lies in the value,
 *   r9 which traits can be told of it, r3 the record, r4 its action word; the others are scratch.
 */
export function machine(options: MachineOptions): readonly Instruction[] {
  const code = new Assembler();
  prologue(code, options);
  loop(code, options);
  verdicts(code, options);
  tests(code, options);
  looks(code, options);
  code.label('accept').move(R0, { value: 1 }).exit();
  // Also where a record, a chain or the packet isn't as it must be: what can't be judged is dropped.
  code.label('drop').move(R0, { value: 0 }).exit();
  return code.instructions;
}

/**
 * Compares record after record, some of them in each round. It ends by a verdict, or by running out: then the packet
 * is dropped. Where the next record is the next to compare, which is what mostly comes, nothing waits for the skip to
 * be read: the processor guesses the branch.
 */
function loop(code: Assembler, { size }: MachineOptions): void {
  code.label('miss').load(4, R1, R3, recordOffsets.skip).alu32('add', R8, { register: R1 });
  code.label('loop').mayGoto('drop');
  code.branch(R8, '>', size - ROUND * RECORD_SIZE, 'drop');
  code.mapValue(R3, machineMaps.records).alu('add', R3, { register: R8 });
  const round = Array.from({ length: ROUND }, (_, index) => index * RECORD_SIZE);
  for (const at of round) {
    code.load(8, R1, R3, at + recordOffsets.addresses).alu('xor', R1, { register: R6 });
    code.load(8, R2, R3, at + recordOffsets.addressMask).alu('and', R1, { register: R2 });
    code.load(8, R4, R3, at + recordOffsets.traits).alu('xor', R4, { register: R7 });
    code
      .load(8, R2, R3, at + recordOffsets.traitMask)
      .alu('and', R4, { register: R2 })
      .alu('and', R4, { register: R9 });
    code.alu('or', R1, { register: R4 }).branch(R1, '==', 0, `holds-${at}`);
    code.load(4, R1, R3, at + recordOffsets.skip).branch(R1, '!=', RECORD_SIZE, `skips-${at}`);
  }
  code.alu32('add', R8, ROUND * RECORD_SIZE).jump('loop');
  for (const at of round) {
    code.label(`skips-${at}`).alu32('add', R1, at).jump('skips');
    code.label(`holds-${at}`).move(R1, { value: at }).jump('holds');
  }
  code.label('skips').alu32('add', R8, { register: R1 }).jump('loop');
  // An unknown number, as the mask leaves it: the verifier, too, comes here once for all records of a round.
  code.label('holds').alu('add', R8, { register: R1 }).alu('and', R8, PLACE_MASK);
  code.branch(R8, '>', size - RECORD_SIZE, 'drop');
  code.mapValue(R3, machineMaps.records).alu('add', R3, { register: R8 });
  code.load(4, R4, R3, recordOffsets.action);
  // the `or` makes it another number to the verifier: what the branch tells of it isn't told of the frame, too
  code.load(8, R2, FP, frame.odd).alu('or', R2, 0).branch(R2, '!=', 0, 'odd');
}

/** What is done where the compare holds: r3 is the record, r4 its action. */
function verdicts(code: Assembler, { hook, counters, processors, jumps }: MachineOptions): void {
  code.label('act').alu('and', R4, 0xff).branch(R4, '>', actions.return, 'test');
  // counted in the slice of this processor
  code.load(8, R1, FP, frame.slice).load(4, R2, R3, recordOffsets.counter).alu('add', R1, { register: R2 });
  // which tells the verifier that it is aligned
  code.alu('and', R1, -COUNTER_SIZE);
  code.branch(R1, '>', (processors * counters - 1) * COUNTER_SIZE, 'drop');
  code.mapValue(R2, machineMaps.counters).alu('add', R2, { register: R1 });
  code.move(R1, { value: 1 }).atomicAdd(8, R2, 0, R1);
  code.load(8, R1, FP, frame.length).atomicAdd(8, R2, 8, R1);
  code.branch(R4, '==', actions.accept, 'accept').branch(R4, '==', actions.drop, 'drop');
  code.branch(R4, '==', actions.next, 'miss').branch(R4, '==', actions.return, 'return');
  if (jumps) {
    code.branch(R4, '==', actions.goto, 'goto');
    remember(code);
  }
  code.label('goto').load(4, R8, R3, recordOffsets.target).jump('loop');
  code.label('return');
  if (jumps) goBack(code);
  // a chain that nobody jumped to ends at its hook's policy
  code
    .mapValue(R1, machineMaps.records)
    .load(4, R8, R1, headerOffsets.policy + 4 * hook)
    .jump('loop');
  // The packet is a later fragment, or ends within its transport header: only what needs none of it goes on.
  code.label('odd').move(R1, R4).alu('rsh', R1, 8).alu('and', R1, 0xff).branch(R1, '==', 0, 'act');
  code.branch(R2, '&', odd.header, 'short').branch(R2, '&', odd.offsetOne, 'offset-one').jump('miss');
  code.label('offset-one').branch(R4, '&', 0x10000, 'drop').jump('miss');
  code.label('short').alu('and', R2, 0xff).branch(R1, '>', { register: R2 }, 'drop');
  code.load(8, R1, R3, recordOffsets.traits).alu('xor', R1, { register: R7 });
  code
    .load(8, R2, R3, recordOffsets.traitMask)
    .alu('and', R1, { register: R2 })
    .branch(R1, '!=', 0, 'miss')
    .jump('act');
}

/** Of a jump: the rule behind it. */
function remember(code: Assembler): void {
  code.load(8, R1, FP, frame.depth).branch(R1, '>=', 4 * MOST_JUMPS, 'drop');
  code.move(R2, R1).alu('add', R2, 4).alu('and', R2, DEPTH_MASK).store(8, FP, frame.depth, { register: R2 });
  code.load(4, R2, R3, recordOffsets.skip).alu('add', R2, { register: R8 });
  code
    .alu('and', R1, 4 * MOST_JUMPS - 4)
    .alu('add', R1, { register: FP })
    .store(4, R1, frame.jumps, { register: R2 });
}

/** To the rule behind the last jump; on where there was none. */
function goBack(code: Assembler): void {
  code.load(8, R1, FP, frame.depth).branch(R1, '==', 0, 'policy');
  code.alu('sub', R1, 4).alu('and', R1, DEPTH_MASK).store(8, FP, frame.depth, { register: R1 });
  code
    .alu('and', R1, 4 * MOST_JUMPS - 4)
    .alu('add', R1, { register: FP })
    .load(4, R8, R1, frame.jumps)
    .jump('loop');
  code.label('policy');
}

function tests(code: Assembler, options: MachineOptions): void {
  const { inNames, outNames, fields, lookups, size, looks: asked } = options;
  code.label('test').branch(R4, '==', actions.pass, 'onward');
  if (lookups) code.branch(R4, '==', actions.probe, 'probe').branch(R4, '==', actions.take, 'take');
  if (inNames) code.branch(R4, '==', actions.inName, 'in-name');
  if (outNames) code.branch(R4, '==', actions.outName, 'out-name');
  for (const look of asked) code.branch(R4, '==', actions[look], lookLabel(look));
  if (fields.size > 0) fieldTest(code);
  else code.jump('drop');
  if (fields.size > 0 || inNames || outNames || asked.size > 0) {
    code.label('false').load(2, R1, R3, recordOffsets.whenFalse).jump('advance');
    code.label('true').load(2, R1, R3, recordOffsets.whenTrue).jump('advance');
  }
  code.label('onward').move(R1, { value: 1 });
  code.label('advance').alu('mul', R1, RECORD_SIZE).alu32('add', R8, { register: R1 }).jump('loop');
  if (inNames) nameTest(code, 'in-name', frame.inName, size);
  if (outNames) nameTest(code, 'out-name', frame.outName, size);
  if (lookups) lookup(code, options);
}

/** Goes on at `true`, or behind it. */
function fieldTest(code: Assembler): void {
  code.load(4, R1, R3, recordOffsets.subject).alu('and', R1, 0x7c).alu('add', R1, { register: FP });
  code.load(4, R1, R1, frame.fields);
  code.load(4, R2, R3, recordOffsets.second);
  code.branch(R4, '==', actions.any, 'any').branch(R4, '==', actions.within, 'within');
  code.branch(R4, '!=', actions.masked, 'drop');
  code.load(4, R4, R3, recordOffsets.first).alu('xor', R1, { register: R4 }).alu('and', R1, { register: R2 });
  code.branch(R1, '==', 0, 'true').jump('false');
  code.label('any').branch(R1, '&', { register: R2 }, 'true').jump('false');
  code.label('within').load(4, R4, R3, recordOffsets.first).alu32('sub', R1, { register: R4 });
  code.branch(R1, '<=', { register: R2 }, 'true');
}

/** ip_tables compares 16 bytes under a mask (ifname_compare_aligned). */
function nameTest(code: Assembler, label: string, name: number, size: number): void {
  code
    .label(label)
    .load(4, R1, R3, recordOffsets.subject)
    .branch(R1, '>', size - NAME_SIZE, 'drop');
  code.mapValue(R2, machineMaps.records).alu('add', R2, { register: R1 }).move(R0, { value: 0 });
  for (const at of [0, 8]) {
    code
      .load(8, R1, FP, name + at)
      .load(8, R5, R2, at)
      .alu('xor', R1, { register: R5 });
    code
      .load(8, R5, R2, 16 + at)
      .alu('and', R1, { register: R5 })
      .alu('or', R0, { register: R1 });
  }
  code.branch(R0, '==', 0, 'true').jump('false');
}
