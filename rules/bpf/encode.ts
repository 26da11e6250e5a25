import { BpfilterError } from '../../protocol/error.ts';
import { arithmetic, atomics, conditions, type Instruction, type Operand, type Width } from './instruction.ts';

/** What the names in a program stand for when it is loaded. */
export interface Symbols {
  /** Descriptors of maps. */
  readonly maps: Readonly<Record<string, number>>;
}

export const INSTRUCTION_SIZE = 8;

/** Jumps of 16 bits reach so far. */
const NEAR = 0x7fff;

/** BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE (linux/bpf.h): what the source register of a constant means. */
const pseudo = { mapFd: 1, mapValue: 2 } as const;

const classes = { ld: 0x00, ldx: 0x01, st: 0x02, stx: 0x03, alu: 0x04, jmp: 0x05, jmp32: 0x06, alu64: 0x07 } as const;
const fromRegister = 0x08;
const sizes: Readonly<Record<Width, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };
const modes = { imm: 0x00, mem: 0x60, atomic: 0xc0 } as const;
const jumps = { always: 0x00, call: 0x80, exit: 0x90, mayGoto: 0xe0 } as const;
/** ALU operation; from little-endian hosts' order with the register source bit. */
const swapToNetwork = 0xd0;

function isWide({ kind }: Instruction): boolean {
  return kind === 'constant' || kind === 'map' || kind === 'map-value';
}

/** Instructions of 8 bytes each takes, jumps in `far` by a detour. */
function lengthOf(instruction: Instruction, isFar: boolean): number {
  if (instruction.kind === 'label') return 0;
  if (isWide(instruction)) return 2;
  return isFar && instruction.kind === 'branch' ? 3 : 1;
}

interface Layout {
  /** Of each instruction, in instructions of 8 bytes. */
  readonly places: readonly number[];
  readonly labels: ReadonlyMap<string, number>;
  readonly end: number;
}

function layOut(program: readonly Instruction[], far: ReadonlySet<number>): Layout {
  const labels = new Map<string, number>();
  const places: number[] = [];
  let place = 0;
  for (const [index, instruction] of program.entries()) {
    places.push(place);
    if (instruction.kind === 'label') {
      if (labels.has(instruction.name))
        throw new BpfilterError('dataplane', `label ${instruction.name} is there twice`);
      labels.set(instruction.name, place);
    }
    place += lengthOf(instruction, far.has(index));
  }
  return { places, labels, end: place };
}

function targetOf(instruction: Instruction): string | undefined {
  return 'target' in instruction ? instruction.target : undefined;
}

/**
 * The program as the kernel takes it. Conditional jumps that are too far for 16 bits go by way of a long one
 * (Linux 6.6).
 *
 * @throws 'dataplane' for a name that nothing has or a loop too long: mistakes of whoever wrote the program
 */
export function assemble(program: readonly Instruction[], symbols: Symbols): Uint8Array {
  const far = new Set<number>();
  let layout = layOut(program, far);
  const placeOf = (name: string) => {
    const place = layout.labels.get(name);
    if (place === undefined) throw new BpfilterError('dataplane', `no label ${name}`);
    return place;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const [index, instruction] of program.entries()) {
      const target = targetOf(instruction);
      if (target === undefined || far.has(index)) continue;
      const distance = placeOf(target) - (layout.places[index] ?? 0) - 1;
      if (Math.abs(distance) <= NEAR - 2) continue;
      if (instruction.kind === 'may-goto') throw new BpfilterError('dataplane', `a loop to ${target} is too long`);
      far.add(index);
      changed = true;
    }
    if (changed) layout = layOut(program, far);
  }
  const bytes = new Uint8Array(layout.end * INSTRUCTION_SIZE);
  const view = new DataView(bytes.buffer);
  for (const [index, instruction] of program.entries()) {
    const place = layout.places[index] ?? 0;
    const put = (opcode: number, to: number, from: number, offset: number, immediate: number, at = place) => {
      const start = at * INSTRUCTION_SIZE;
      view.setUint8(start, opcode);
      view.setUint8(start + 1, to | (from << 4));
      view.setInt16(start + 2, offset, true);
      view.setInt32(start + 4, immediate, true);
    };
    const operand = (opcode: number, to: number, from: Operand, offset: number) =>
      typeof from === 'number'
        ? put(opcode, to, 0, offset, from)
        : put(opcode | fromRegister, to, from.register, offset, 0);
    const wide = (to: number, from: number, low: number, high: number) => {
      put(classes.ld | sizes[8] | modes.imm, to, from, 0, low);
      put(0, 0, 0, 0, high, place + 1);
    };
    const distanceTo = (target: string, from = place) => placeOf(target) - from - 1;
    switch (instruction.kind) {
      case 'label':
        break;
      case 'arithmetic': {
        const { operation, bits, to, from } = instruction;
        operand((bits === 64 ? classes.alu64 : classes.alu) | arithmetic[operation], to, from, 0);
        break;
      }
      case 'swap':
        put(classes.alu | swapToNetwork | fromRegister, instruction.to, 0, 0, instruction.bits);
        break;
      case 'load':
        put(
          classes.ldx | sizes[instruction.width] | modes.mem,
          instruction.to,
          instruction.from,
          instruction.offset,
          0,
        );
        break;
      case 'store': {
        const { width, to, offset, from } = instruction;
        if (typeof from === 'number') put(classes.st | sizes[width] | modes.mem, to, 0, offset, from);
        else put(classes.stx | sizes[width] | modes.mem, to, from.register, offset, 0);
        break;
      }
      case 'atomic':
        put(
          classes.stx | sizes[instruction.width] | modes.atomic,
          instruction.to,
          instruction.from,
          instruction.offset,
          atomics[instruction.operation],
        );
        break;
      case 'constant':
        wide(
          instruction.to,
          0,
          Number(BigInt.asIntN(32, instruction.value)),
          Number(BigInt.asIntN(32, instruction.value >> 32n)),
        );
        break;
      case 'map':
        wide(instruction.to, pseudo.mapFd, mapOf(symbols, instruction.map), 0);
        break;
      case 'map-value':
        wide(instruction.to, pseudo.mapValue, mapOf(symbols, instruction.map), instruction.offset);
        break;
      case 'jump':
        if (far.has(index)) put(classes.jmp32 | jumps.always, 0, 0, 0, distanceTo(instruction.target));
        else put(classes.jmp | jumps.always, 0, 0, distanceTo(instruction.target), 0);
        break;
      case 'branch': {
        const { condition, left, right, target } = instruction;
        const opcode = classes.jmp | conditions[condition];
        if (!far.has(index)) {
          operand(opcode, left, right, distanceTo(target));
          break;
        }
        // holds: over the next one, which goes on behind the long one
        operand(opcode, left, right, 1);
        put(classes.jmp | jumps.always, 0, 0, 1, 0, place + 1);
        put(classes.jmp32 | jumps.always, 0, 0, 0, distanceTo(target, place + 2), place + 2);
        break;
      }
      case 'may-goto':
        put(classes.jmp | jumps.mayGoto, 0, 0, distanceTo(instruction.target), 0);
        break;
      case 'call':
        put(classes.jmp | jumps.call, 0, 0, 0, instruction.helper);
        break;
      case 'exit':
        put(classes.jmp | jumps.exit, 0, 0, 0, 0);
        break;
      default:
        instruction satisfies never;
    }
  }
  return bytes;
}

function mapOf({ maps }: Symbols, name: string): number {
  const fd = maps[name];
  if (fd === undefined) throw new BpfilterError('dataplane', `no map ${name}`);
  return fd;
}
