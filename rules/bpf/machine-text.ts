import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R3, R4, R5, R6, R8, R9 } from './instruction.ts';
import { frame, helpers, type MachineOptions, machineMaps } from './machine-frame.ts';
import { fieldOf, follow, record } from './machine-read.ts';
import { HEADER_TRAITS, headerOffsets, RECORD_SIZE, recordOffsets, type TextAction } from './record.ts';
import { BYTES, inPieces, WORD } from './text-look.ts';

/** So many bytes are read at once. */
const CHUNK = 8;

/**
 * In the frame's key: where to go on (in half of 8 bytes, of which the verifier keeps no book), and where the text has
 * been met so far: bit i says that its first i + 1 bytes are the last that were read.
 */
const [at, met] = [frame.key + 4, [frame.key + 8, frame.key + 16]] as const;
/** Beside it, not at its begin for the same reason: of a chunk, bytes that are done; of a part,
 * fragments that are left; whether the list is begun. */
const [done, left, listed] = [frame.key + 1, frame.key + 2, frame.key + 3] as const;

const SOURCE = 12;

/**
 * skb_find_text (net/core/skbuff.c): whether a text lies between two places, counted from the IP header on. All bits of
 * `met` move on by one with each byte, and stay where the table has them for that byte: one step for each byte, whatever
 * the packet is made of. Kernels' kmp does the same; their bm looks at one piece of the packet's memory at a
 * time, so where it is asked for a text across two of them isn't found.
 */
export function text(code: Assembler, options: MachineOptions, name: TextAction): void {
  const isLong = name === 'longText' || name === 'longBlockText';
  const ofBlock = inPieces.includes(name);
  const words = isLong ? met : met.slice(0, 1);
  const label = (what: string) => `${name}-${what}`;
  /** r3 becomes the record, with its table behind it. */
  const withTable = () => {
    code.branch(R8, '>', options.size - RECORD_SIZE - BYTES * WORD * words.length, 'drop');
    return record(code);
  };
  const keep = () => {
    code.store(8, FP, met[0], { register: R4 });
    if (isLong) code.store(8, FP, met[1], { register: R5 });
  };
  const recall = () => {
    code.load(8, R4, FP, met[0]);
    if (isLong) code.load(8, R5, FP, met[1]);
  };
  /** r1, a byte of the packet, has been read: r2 isn't 0 where it is the text's last. */
  const step = () => {
    code.alu('lsh', R1, isLong ? 4 : 3).alu('add', R1, { register: R3 });
    if (isLong) {
      code.move(R2, R4).alu('rsh', R2, 63).alu('lsh', R5, 1).alu('or', R5, { register: R2 });
      code.load(8, R2, R1, RECORD_SIZE + WORD).alu('and', R5, { register: R2 });
    }
    code.alu('lsh', R4, 1).alu('or', R4, 1).load(8, R2, R1, RECORD_SIZE).alu('and', R4, { register: R2 });
    code.load(8, R2, R3, recordOffsets.filled).alu('and', R2, { register: isLong ? R5 : R4 });
  };
  zero(code);
  for (const word of words) code.store(8, FP, word, { register: R1 });
  code.load(4, R1, R3, recordOffsets.first).store(4, FP, at, { register: R1 });

  round(code, label('next'));
  withTable();
  end(code, label('end')).load(4, R1, FP, at).branch(R1, '>=', { register: R2 }, 'false');
  code.move(R4, R2).alu('sub', R4, { register: R1 }).branch(R4, '==', 0, 'drop');
  code.branch(R4, '<=', CHUNK, label('rest')).move(R4, { value: CHUNK }).label(label('rest'));
  code.move(R2, R1).load(8, R1, FP, frame.context).move(R3, FP).alu('add', R3, frame.scratch);
  code.call(helpers.skbLoadBytes).branch(R0, '!=', 0, 'drop');
  withTable().move(R0, { value: 0 });
  recall();
  // behind a rest stands what was read before: what that seems to meet lies behind the end
  for (let byte = 0; byte < CHUNK; byte += 1) {
    code.load(1, R1, FP, frame.scratch + byte);
    step();
    code.alu('or', R0, { register: R2 });
  }
  code.branch(R0, '!=', 0, label('somewhere'));
  keep();
  code.load(4, R1, FP, at).alu('add', R1, CHUNK).store(4, FP, at, { register: R1 }).jump(label('next'));

  // once more, byte by byte
  zero(code.label(label('somewhere'))).store(1, FP, done, { register: R1 });
  round(code, label('byte'));
  withTable();
  code.load(1, R1, FP, done).branch(R1, '>=', CHUNK, label('next'));
  code.move(R2, R1).alu('add', R2, 1).store(1, FP, done, { register: R2 });
  code.alu('add', R1, { register: FP }).load(1, R1, R1, frame.scratch);
  recall();
  step();
  keep();
  code.move(R4, R2).load(4, R1, FP, at).alu('add', R1, 1).store(4, FP, at, { register: R1 });
  end(code, label('byte-end')).branch(R1, '>', { register: R2 }, 'false');
  code.branch(R4, '==', 0, label('byte'));
  if (!ofBlock) {
    code.jump('true');
    return;
  }
  code.load(4, R2, R3, recordOffsets.credit).alu('sub', R1, { register: R2 });
  code.store(4, FP, fieldOf(options, 'registerA'), { register: R1 });
  code.store(4, FP, fieldOf(options, 'registerX'), { register: R8 });
  pieces(code, options, label);
}

/** Where a round begins: the same as any other, whatever the one before has left in registers. */
function round(code: Assembler, label: string): void {
  code.label(label);
  for (const register of [R0, R1, R2, R3, R4, R5] as const) code.move(register, { value: 0 });
  code.mayGoto('drop');
}

/** r1: 0, but not that the verifier knows: what it knows it follows round by round. */
function zero(code: Assembler): Assembler {
  return code.mapValue(R1, machineMaps.records).load(8, R1, R1, headerOffsets.zero);
}

/** r2: where what is asked for ends, or the packet. r3 is the record. The `or` is as that of `holds` in machine.ts. */
function end(code: Assembler, label: string): Assembler {
  return code
    .load(4, R2, R3, recordOffsets.second)
    .load(8, R0, FP, frame.length)
    .alu('or', R0, 0)
    .branch(R2, '<=', { register: R0 }, label)
    .move(R2, R0)
    .label(label);
}

/**
 * skb_seq_read (net/core/skbuff.c): whether what lies from `registerA` to `at` lies in one piece of the packet's memory.
 * Goes on at `true`, at the look's next where it doesn't, and at `false` behind the pieces that the kernel looks at.
 * r6 is the part of the packet, r8 what is known of it, r9 where the piece ends; all three are made anew.
 */
function pieces(code: Assembler, options: MachineOptions, label: (what: string) => string): void {
  const { skb, pieces: of } = options.offsets;
  const ofPart = (offset: number, bytes: 4 | 8 = 8) => {
    code.move(R1, R6);
    follow(code, offset);
    return bytes === 4 ? code.alu32('mov', R1, { register: R1 }) : code;
  };
  const piece = () => {
    code.load(4, R1, FP, at).branch(R1, '<=', { register: R9 }, label('within'));
    return code.load(4, R1, FP, fieldOf(options, 'registerA')).branch(R1, '<', { register: R9 }, label('across'));
  };
  /** r8: what the kernel keeps behind the part's memory. */
  const sharedInfo = () => {
    ofPart(skb.head).move(R8, R1);
    return ofPart(of.end, 4).alu('add', R8, { register: R1 });
  };
  zero(code).move(R9, R1).store(1, FP, listed, { register: R1 }).load(8, R6, FP, frame.context);
  ofPart(of.dataLength, 4).branch(R1, '==', 0, label('within'));
  code.label(label('part'));
  ofPart(of.length, 4).mayGoto('drop').move(R8, R1);
  ofPart(of.dataLength, 4).alu32('sub', R8, { register: R1 }).alu32('add', R9, { register: R8 });
  piece();
  sharedInfo().move(R1, R8);
  follow(code, of.fragments).store(1, FP, left, { register: R1 });
  code.label(label('fragment')).load(1, R1, FP, left).branch(R1, '==', 0, label('part-end'));
  code.alu('sub', R1, 1).store(1, FP, left, { register: R1 });
  code.move(R1, R8);
  follow(code, of.firstFragment + of.fragmentLength)
    .mayGoto('drop')
    .alu32('add', R9, { register: R1 });
  piece().alu('add', R8, of.fragmentSize).jump(label('fragment'));
  code.label(label('part-end')).load(1, R1, FP, listed).branch(R1, '!=', 0, label('listed'));
  code.store(1, FP, listed, 1);
  sharedInfo().move(R1, R8);
  follow(code, of.list).jump(label('follow'));
  code.label(label('listed'));
  ofPart(of.next);
  code.label(label('follow')).move(R6, R1).branch(R6, '!=', 0, label('part'));

  restore(code, options, label('none'));
  record(code).jump('false');
  code.label(label('within'));
  restore(code, options, label('found'));
  record(code).jump('true');
  code.label(label('across'));
  restore(code, options, label('on'));
  code.jump(label('next'));
}

/** r6, r8 and r9 as the loop has them. */
function restore(code: Assembler, options: MachineOptions, label: string): void {
  code.load(8, R6, FP, frame.ipHeader + SOURCE).load(4, R8, FP, fieldOf(options, 'registerX'));
  code.branch(R8, '>', options.size - RECORD_SIZE, 'drop');
  code.load(8, R2, FP, frame.odd).constant(R9, -1n).branch(R2, '==', 0, label).constant(R9, HEADER_TRAITS);
  code.label(label);
  zero(code).alu('xor', R9, { register: R1 });
}
