import { arithmetic } from './instruction.ts';

/** struct sock_filter (linux/filter.h). */
export interface ClassicInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Operations of class ALU, by their numbers, which eBPF has taken over. */
const { add, sub, mul, div, or, and, lsh, rsh, mod, xor } = arithmetic;
export const classicOperations = { add, sub, mul, div, or, and, lsh, rsh, neg: 0x80, mod, xor } as const;
/** Added to it: the operand is X, not K. */
export const OF_X = 0x08;
/** How A and X are compared, in `first`: BPF_JEQ and so on. */
export const [EQUAL, GREATER, NOT_LESS, COMMON_BITS] = [0x10, 0x20, 0x30, 0x40] as const;

/** BPF_CLASS. */
export const classes = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const;
/** BPF_MODE. */
export const modes = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, len: 0x80, msh: 0xa0 } as const;
/** BPF_SIZE. */
export const sizes: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1 };
export const JA = 0x00;
export const [RET_A, TXA] = [0x10, 0x80];

/** Where absolute loads ask for an extension: SKF_AD_OFF (linux/filter.h). */
const ANCILLARY = -0x1000;

/** SKF_AD_*, where an absolute load means one. */
export function extensionOf(k: number): number | undefined {
  return (k | 0) >= ANCILLARY && (k | 0) < 0 ? (k | 0) - ANCILLARY : undefined;
}

export function instructionAt(program: readonly ClassicInstruction[], pc: number): ClassicInstruction {
  return program[pc] ?? { code: 0, jt: 0, jf: 0, k: 0 };
}
