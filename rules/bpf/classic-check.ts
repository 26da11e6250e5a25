import {
  type ClassicInstruction,
  COMMON_BITS,
  classes,
  classicOperations,
  EQUAL,
  extensionOf,
  instructionAt,
  JA,
  modes,
  OF_X,
} from './classic-instruction.ts';

/** Places of memory that a program has: BPF_MEMWORDS (linux/filter.h). */
const MEMORY = 16;

/** What bpf_check_classic (net/core/filter.c) refuses a program for. */
export function classicProblem(program: readonly ClassicInstruction[]): string | undefined {
  const { length } = program;
  const valid = memoryThere(program);
  for (const [pc, instruction] of program.entries()) {
    const { code, jt, jf, k } = instruction;
    if (!isKnown(code)) return `instruction ${pc} has the unknown code 0x${code.toString(16)}`;
    const [kind, operation] = [code & 7, code & 0xf0];
    const { div, mod, lsh, rsh } = classicOperations;
    if (kind === classes.alu && (code & OF_X) === 0) {
      if ((operation === div || operation === mod) && k === 0) return `instruction ${pc} divides by 0`;
      if ((operation === lsh || operation === rsh) && k > 31) return `instruction ${pc} shifts by ${k} bits`;
    }
    const usesMemory = kind === classes.st || kind === classes.stx || (kind < 2 && (code & 0xe0) === modes.mem);
    if (usesMemory && k >= MEMORY) return `instruction ${pc} uses place ${k} of memory`;
    if (usesMemory && kind < 2 && ((valid[pc] ?? 0) & (1 << k)) === 0)
      return `instruction ${pc} reads what was not stored`;
    const furthest = kind !== classes.jmp ? 0 : operation === JA ? k : Math.max(jt, jf);
    if (pc + 1 + furthest >= length && kind !== classes.ret) return `instruction ${pc} leads behind the end`;
    const extension = kind === classes.ld && (code & 0xe0) === modes.abs ? extensionOf(k) : undefined;
    if (extension !== undefined && extension % 4 !== 0) return `instruction ${pc} asks for extension ${extension}`;
    if (extension !== undefined && extension > 60) return `instruction ${pc} asks for extension ${extension}`;
  }
  return (instructionAt(program, length - 1).code & 7) === classes.ret ? undefined : 'it has no end';
}

/** check_load_and_stores: which places of memory each instruction may read. */
function memoryThere(program: readonly ClassicInstruction[]): readonly number[] {
  const all = 0xffff;
  const masks = program.map(() => all);
  const limit = (pc: number, valid: number) => {
    if (pc < masks.length) masks[pc] = (masks[pc] ?? all) & valid;
  };
  let valid = 0;
  return program.map(({ code, jt, jf, k }, pc) => {
    valid &= masks[pc] ?? all;
    const here = valid;
    const kind = code & 7;
    if (kind === classes.st || kind === classes.stx) valid |= 1 << k;
    if (kind !== classes.jmp) return here;
    if ((code & 0xf0) === JA) limit(pc + 1 + k, valid);
    else for (const by of [jt, jf]) limit(pc + 1 + by, valid);
    valid = all;
    return here;
  });
}

/** chk_code_allowed. */
function isKnown(code: number): boolean {
  if (others.has(code)) return true;
  const operation = code & 0xf0;
  if ((code & 7) === classes.alu && code <= 0xff) {
    return operation === classicOperations.neg ? (code & OF_X) === 0 : operation <= classicOperations.xor;
  }
  return (code & 7) === classes.jmp && operation >= EQUAL && operation <= COMMON_BITS && code <= 0xff;
}

const others: ReadonlySet<number> = new Set([
  ...[0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x00, 0x60],
  ...[0x81, 0xb1, 0x01, 0x61, 0x02, 0x03, 0x07, 0x87, 0x06, 0x16, 0x05],
]);
