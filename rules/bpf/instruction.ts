/**
 * eBPF instructions (Documentation/bpf/standardization/instruction-set.rst, RFC 9669): 8 bytes each,
 *
 *   opcode u8 | dst 4 bits, src 4 bits | offset i16 | immediate i32
 *
 * the opcode being  | class 3 bits | source 1 bit | operation 4 bits |  for arithmetic and jumps and
 * | class 3 bits | size 2 bits | mode 3 bits |  for loads and stores, from the lowest bit.
 */

/** r0: results; r1–r5: arguments, lost by a call; r6–r9: kept; r10: the frame's end, 512 bytes above its begin. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

export const [R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

/** Bytes of a load or store. */
export type Width = 1 | 2 | 4 | 8;

/** Operations of the classes ALU and ALU64. */
export const arithmetic = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
} as const;
export type Arithmetic = keyof typeof arithmetic;

/** What is done to memory in one step, as the immediate of an atomic store. */
export const atomics = { add: 0x00, exchange: 0xe1, 'compare-exchange': 0xf1 } as const;

/** Conditions of the class JMP; `s` before those that read their operands as signed. */
export const conditions = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '&': 0x40,
  '!=': 0x50,
  's>': 0x60,
  's>=': 0x70,
  '<': 0xa0,
  '<=': 0xb0,
  's<': 0xc0,
  's<=': 0xd0,
} as const;
export type Condition = keyof typeof conditions;

/** An operand: a register, or a number that fits in 32 bits and is extended with its sign. */
export type Operand = { readonly register: Register } | number;

/** One instruction with its names not yet resolved: labels for jumps, maps by the names they have in a program. */
export type Instruction =
  | { readonly kind: 'label'; readonly name: string }
  | {
      readonly kind: 'arithmetic';
      readonly operation: Arithmetic;
      readonly bits: 32 | 64;
      readonly to: Register;
      readonly from: Operand;
    }
  | { readonly kind: 'swap'; readonly to: Register; readonly bits: 16 | 32 | 64 }
  | {
      readonly kind: 'load';
      readonly width: Width;
      readonly to: Register;
      readonly from: Register;
      readonly offset: number;
    }
  | {
      readonly kind: 'store';
      readonly width: Width;
      readonly to: Register;
      readonly offset: number;
      readonly from: Operand;
    }
  | {
      readonly kind: 'atomic';
      readonly operation: keyof typeof atomics;
      readonly width: 4 | 8;
      readonly to: Register;
      readonly offset: number;
      readonly from: Register;
    }
  | { readonly kind: 'constant'; readonly to: Register; readonly value: bigint }
  | { readonly kind: 'map'; readonly to: Register; readonly map: string }
  | { readonly kind: 'map-value'; readonly to: Register; readonly map: string; readonly offset: number }
  | { readonly kind: 'jump'; readonly target: string }
  | {
      readonly kind: 'branch';
      readonly condition: Condition;
      readonly left: Register;
      readonly right: Operand;
      readonly target: string;
    }
  | { readonly kind: 'may-goto'; readonly target: string }
  | { readonly kind: 'call'; readonly helper: number }
  | { readonly kind: 'exit' };
