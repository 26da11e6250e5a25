import { cannotExpress } from '../extension.ts';
import type { Field, MemoryField } from './record.ts';
import {
  always,
  anyBit,
  type BpfMatch,
  type BpfTest,
  equals,
  type FieldTest,
  type Look,
  type ProgramStep,
  within,
} from './test.ts';

/** struct sock_filter (linux/filter.h). */
export interface ClassicInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** What the machine does for the classic operations of class ALU, by their number. */
export const classicOperations = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
} as const;
/** Added to it: the operand is X, not K. */
export const OF_X = 0x08;
/** In `second` of `classicTake`: to X, not A; from a field. Of loads: what `ldxb 4*([k]&0xf)` makes of the byte, to X. */
export const [TO_X, FROM_FIELD] = [1, 2] as const;
/** How A and X are compared, in `first`: BPF_JEQ and so on. */
export const [EQUAL, GREATER, NOT_LESS, COMMON_BITS] = [0x10, 0x20, 0x30, 0x40] as const;

/** BPF_CLASS. */
const classes = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const;
/** BPF_MODE. */
const modes = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, len: 0x80, msh: 0xa0 } as const;
/** BPF_SIZE. */
const sizes: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1 };
const JA = 0x00;
const [RET_A, TXA] = [0x10, 0x80];
const MEMORY = 16;

/** Offsets that aren't the packet's: SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF (linux/filter.h). */
const [ANCILLARY, NETWORK, LINK] = [-0x1000, -0x10_0000, -0x20_0000];
/** SKF_AD_*. */
const ancillary = {
  interfaceIndex: 8,
  deviceType: 28,
  attribute: 12,
  nestedAttribute: 16,
  xorX: 40,
  payloadOffset: 52,
  random: 56,
} as const;
/** Those that are fields of a packet. */
const ancillaryFields: Readonly<Record<number, Field>> = {
  0: 'frameProtocol',
  4: 'packetType',
  [ancillary.interfaceIndex]: 'interfaceIndex',
  20: 'mark',
  24: 'queue',
  [ancillary.deviceType]: 'deviceType',
  32: 'receiveHash',
  36: 'processor',
  44: 'vlanTag',
  48: 'vlanThere',
  60: 'vlanProtocol',
};

/** Where a step leads to: an instruction, a step of the same instruction, or an outcome. */
type Target = number | boolean | { readonly step: number };
interface Step {
  readonly test: BpfTest;
  readonly holds: Target;
  readonly fails: Target;
}

/** A classic program as steps of the machine. Throws `not-expressible` for one that the kernel refuses, or the machine has no steps for. */
export function classicMatch(program: readonly ClassicInstruction[]): BpfMatch {
  const problem = problemOf(program);
  if (problem !== undefined) cannotExpress(`bpf: no program: ${problem}`);
  const begin = resolved(program, 0);
  if (begin === true) return always;
  if (begin === false) return { groups: [[]] };
  const steps = new Map<number, readonly Step[]>();
  const wanted = [begin];
  for (let pc = wanted.pop(); pc !== undefined; pc = wanted.pop()) {
    if (steps.has(pc)) continue;
    const made = stepsOf(program, pc);
    steps.set(pc, made);
    for (const { holds, fails } of made) for (const to of [holds, fails]) if (typeof to === 'number') wanted.push(to);
  }
  const inOrder = [...steps].toSorted(([one], [other]) => one - other);
  const before = initial(program, begin);
  const places = new Map<number, number>();
  let place = before.length;
  for (const [pc, made] of inOrder) {
    places.set(pc, place);
    place += made.length;
  }
  const placed = (target: Target, pc: number): number | boolean => {
    if (typeof target === 'boolean') return target;
    return typeof target === 'number' ? (places.get(target) ?? false) : (places.get(pc) ?? 0) + target.step;
  };
  return {
    groups: [],
    program: [
      ...before.map((test, at): ProgramStep => ({ test, holds: at + 1, fails: at + 1 })),
      ...inOrder.flatMap(([pc, made]) =>
        made.map(({ test, holds, fails }) => ({ test, holds: placed(holds, pc), fails: placed(fails, pc) })),
      ),
    ],
  };
}

function at(program: readonly ClassicInstruction[], pc: number): ClassicInstruction {
  return program[pc] ?? { code: 0, jt: 0, jf: 0, k: 0 };
}

/** The instruction that something is done at, or the outcome. */
function resolved(program: readonly ClassicInstruction[], pc: number): number | boolean {
  const { code, k } = at(program, pc);
  if ((code & 7) === classes.jmp && (code & 0xf0) === JA) return resolved(program, pc + 1 + k);
  return (code & 7) === classes.ret && (code & 0x18) !== RET_A ? k !== 0 : pc;
}

/** A and X are 0 at first: where one is read before it is written. */
function initial(program: readonly ClassicInstruction[], begin: number): readonly Look[] {
  const live: number[] = [];
  for (let pc = program.length - 1; pc >= begin; pc -= 1) {
    const { reads, writes } = registersOf(at(program, pc));
    const behind = followers(program, pc).reduce((all, next) => all | (live[next] ?? 0), 0);
    live[pc] = reads | (behind & ~writes);
  }
  const first = live[begin] ?? 0;
  return [...((first & 1) === 0 ? [] : [take(0)]), ...((first & 2) === 0 ? [] : [take(0, TO_X)])];
}

function followers(program: readonly ClassicInstruction[], pc: number): readonly number[] {
  const { code, jt, jf, k } = at(program, pc);
  if ((code & 7) === classes.ret) return [];
  if ((code & 7) !== classes.jmp) return [pc + 1];
  return (code & 0xf0) === JA ? [pc + 1 + k] : [pc + 1 + jt, pc + 1 + jf];
}

/** Bit 0: A, bit 1: X. */
function registersOf({ code, k }: ClassicInstruction): { readonly reads: number; readonly writes: number } {
  const ofX = (code & OF_X) === 0 ? 0 : 2;
  switch (code & 7) {
    case classes.ld: {
      const mode = code & 0xe0;
      if (mode === modes.ind) return { reads: 2, writes: 1 };
      const extension = mode === modes.abs ? extensionOf(k) : undefined;
      const { interfaceIndex, deviceType, xorX } = ancillary;
      const readsA = extension === interfaceIndex || extension === deviceType;
      return { reads: extension === xorX ? 3 : readsA ? 1 : 0, writes: 1 };
    }
    case classes.ldx:
      return { reads: 0, writes: 2 };
    case classes.st:
      return { reads: 1, writes: 0 };
    case classes.stx:
      return { reads: 2, writes: 0 };
    case classes.alu:
      return { reads: 1 | ofX, writes: 1 };
    case classes.jmp:
      return { reads: (code & 0xf0) === JA ? 0 : 1 | ofX, writes: 0 };
    case classes.misc:
      return code >= TXA ? { reads: 2, writes: 1 } : { reads: 1, writes: 2 };
    default:
      return { reads: (code & 0x18) === RET_A ? 1 : 0, writes: 0 };
  }
}

/** SKF_AD_*, where an absolute load means one. */
function extensionOf(k: number): number | undefined {
  return (k | 0) >= ANCILLARY && (k | 0) < 0 ? (k | 0) - ANCILLARY : undefined;
}

function take(value: number, to = 0): Look {
  return { kind: 'classicTake', first: value, second: to };
}

function takeField(field: Field, to = 0): Look {
  return { kind: 'classicTake', field, second: to | FROM_FIELD };
}

const memory = (k: number): MemoryField => `memory${k}` as MemoryField;

function stepsOf(program: readonly ClassicInstruction[], pc: number): readonly Step[] {
  const { code, jt, jf, k } = at(program, pc);
  const next = resolved(program, pc + 1);
  const one = (test: BpfTest): readonly Step[] => [{ test, holds: next, fails: next }];
  const mode = code & 0xe0;
  switch (code & 7) {
    case classes.ld:
      if (mode === modes.abs) return absolute(code, k, next);
      if (mode === modes.ind) {
        const look: Look = { kind: 'classicIndirect', first: k, credit: sizes[code & 0x18] ?? 0 };
        return [{ test: look, holds: next, fails: false }];
      }
      if (mode === modes.imm) return one(take(k));
      return one(takeField(mode === modes.len ? 'wholeLength' : memory(k)));
    case classes.ldx:
      if (mode === modes.msh) return packetLoad(k | 0, 1, next, TO_X);
      if (mode === modes.imm) return one(take(k, TO_X));
      return one(takeField(mode === modes.len ? 'wholeLength' : memory(k), TO_X));
    case classes.st:
      return one({ kind: 'classicPut', field: memory(k), first: k, second: 0 });
    case classes.stx:
      return one({ kind: 'classicPut', field: memory(k), first: k, second: TO_X });
    case classes.alu:
      return [{ test: { kind: 'classicMath', first: k, second: code & 0xf8 }, holds: next, fails: false }];
    case classes.jmp: {
      const [holds, fails] = [resolved(program, pc + 1 + jt), resolved(program, pc + 1 + jf)];
      return [{ test: comparison(code, k), holds, fails }];
    }
    case classes.misc:
      return one(code >= TXA ? takeField('registerX') : takeField('registerA', TO_X));
    default:
      return [returnsA];
  }
}

const returnsA: Step = { test: anyBit('registerA', 0xffffffff), holds: true, fails: false };

function comparison(code: number, k: number): FieldTest | Look {
  const kind = code & 0xf0;
  if ((code & OF_X) !== 0) return { kind: 'classicCompare', first: kind };
  if (kind === EQUAL) return equals('registerA', k);
  if (kind === COMMON_BITS) return anyBit('registerA', k);
  return within('registerA', kind === GREATER ? k + 1 : k, 0xffffffff);
}

function absolute(code: number, k: number, next: number | boolean): readonly Step[] {
  const extension = extensionOf(k);
  if (extension === undefined) return packetLoad(k | 0, sizes[code & 0x18] ?? 0, next);
  const field = ancillaryFields[extension];
  switch (extension) {
    case ancillary.xorX:
      return [
        { test: { kind: 'classicMath', first: 0, second: classicOperations.xor | OF_X }, holds: next, fails: false },
      ];
    case ancillary.random:
      return [{ test: { kind: 'classicRandom' }, holds: next, fails: next }];
    case ancillary.interfaceIndex:
    case ancillary.deviceType: {
      const last = { test: takeField(field ?? 'interfaceIndex'), holds: next, fails: next };
      // a packet without a device ends the program, with what A is
      return [{ test: equals('interfaceIndex', 0), holds: { step: 1 }, fails: { step: 2 } }, returnsA, last];
    }
    default:
      if (field === undefined)
        return cannotExpress(
          'bpf: a program of ours can not look for attributes of netlink, or where a payload begins',
        );
      return [{ test: takeField(field), holds: next, fails: next }];
  }
}

/**
 * bpf_skb_load_helper_convert_offset (net/core/filter.c): the packet that rules see begins with its network header.
 */
function packetLoad(offset: number, size: number, next: number | boolean, to = 0): readonly Step[] {
  const load = (kind: 'classicLoad' | 'classicLink', first: number): readonly Step[] => [
    { test: { kind, first, credit: size, second: to }, holds: next, fails: false },
  ];
  if (offset >= 0) return load('classicLoad', offset);
  if (offset >= NETWORK) return load('classicLoad', offset - NETWORK);
  if (offset >= LINK) return load('classicLink', offset - LINK);
  return [{ test: take(0), holds: false, fails: false }];
}

/** What bpf_check_classic (net/core/filter.c) refuses a program for. */
function problemOf(program: readonly ClassicInstruction[]): string | undefined {
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
  return (at(program, length - 1).code & 7) === classes.ret ? undefined : 'it has no end';
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
