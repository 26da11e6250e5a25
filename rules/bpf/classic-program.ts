import { cannotExpress } from '../extension.ts';
import { classicProblem } from './classic-check.ts';
import {
  type ClassicInstruction,
  COMMON_BITS,
  classes,
  classicOperations,
  EQUAL,
  extensionOf,
  GREATER,
  instructionAt,
  JA,
  modes,
  OF_X,
  RET_A,
  sizes,
  TXA,
} from './classic-instruction.ts';
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

/** In `second` of `classicTake`: to X, not A; from a field. Of loads: what `ldxb 4*([k]&0xf)` makes of the byte, to X. */
export const [TO_X, FROM_FIELD] = [1, 2] as const;
/** Offsets from other headers than the packet's: SKF_NET_OFF, SKF_LL_OFF (linux/filter.h). */
const [NETWORK, LINK] = [-0x10_0000, -0x20_0000];
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
  const problem = classicProblem(program);
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

/** The instruction that something is done at, or the outcome. */
function resolved(program: readonly ClassicInstruction[], pc: number): number | boolean {
  const { code, k } = instructionAt(program, pc);
  if ((code & 7) === classes.jmp && (code & 0xf0) === JA) return resolved(program, pc + 1 + k);
  return (code & 7) === classes.ret && (code & 0x18) !== RET_A ? k !== 0 : pc;
}

/** A and X are 0 at first: where one is read before it is written. */
function initial(program: readonly ClassicInstruction[], begin: number): readonly Look[] {
  const live: number[] = [];
  for (let pc = program.length - 1; pc >= begin; pc -= 1) {
    const { reads, writes } = registersOf(instructionAt(program, pc));
    const behind = followers(program, pc).reduce((all, next) => all | (live[next] ?? 0), 0);
    live[pc] = reads | (behind & ~writes);
  }
  const first = live[begin] ?? 0;
  return [...((first & 1) === 0 ? [] : [take(0)]), ...((first & 2) === 0 ? [] : [take(0, TO_X)])];
}

function followers(program: readonly ClassicInstruction[], pc: number): readonly number[] {
  const { code, jt, jf, k } = instructionAt(program, pc);
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

function take(value: number, to = 0): Look {
  return { kind: 'classicTake', first: value, second: to };
}

function takeField(field: Field, to = 0): Look {
  return { kind: 'classicTake', field, second: to | FROM_FIELD };
}

const memory = (k: number): MemoryField => `memory${k}` as MemoryField;

function stepsOf(program: readonly ClassicInstruction[], pc: number): readonly Step[] {
  const { code, jt, jf, k } = instructionAt(program, pc);
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
