import { BpfilterError } from '../../protocol/error.ts';
import { INSTRUCTION_SIZE } from './encode.ts';
import { arithmetic, atomics, conditions } from './instruction.ts';

/** Names for what only the loader knows: maps by their descriptors. */
export interface DisassemblyNames {
  readonly maps: ReadonlyMap<number, string>;
}

const classes = ['ld', 'ldx', 'st', 'stx', 'alu32', 'jmp', 'jmp32', 'alu64'] as const;
const widths: Readonly<Record<number, string>> = { 0: 'u32', 8: 'u16', 16: 'u8', 24: 'u64' };
const signs: Readonly<Record<keyof typeof arithmetic, string>> = {
  add: '+=',
  sub: '-=',
  mul: '*=',
  div: '/=',
  or: '|=',
  and: '&=',
  lsh: '<<=',
  rsh: '>>=',
  mod: '%=',
  xor: '^=',
  mov: '=',
  arsh: 's>>=',
};
const operations = new Map(
  Object.entries(arithmetic).map(([name, code]) => [code as number, signs[name as keyof typeof arithmetic]]),
);
const comparisons = new Map(Object.entries(conditions).map(([name, code]) => [code as number, name]));
const helpers: Readonly<Record<number, string>> = {
  1: 'map_lookup_elem',
  8: 'get_smp_processor_id',
  26: 'skb_load_bytes',
  113: 'probe_read_kernel',
  158: 'get_current_task_btf',
  208: 'ktime_get_tai_ns',
};

/**
 * A program as text, an instruction a line as the kernel's verifier writes them, numbered in instructions of 8 bytes.
 *
 * @throws 'malformed' for bytes that aren't whole instructions
 */
export function disassemble(bytes: Uint8Array, { maps }: DisassemblyNames = { maps: new Map() }): readonly string[] {
  if (bytes.length % INSTRUCTION_SIZE !== 0)
    throw new BpfilterError(
      'malformed',
      `instructions of ${INSTRUCTION_SIZE} bytes expected, found ${bytes.length} bytes`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let place = 0; place * INSTRUCTION_SIZE < bytes.length; place += 1) {
    const at = place * INSTRUCTION_SIZE;
    const opcode = view.getUint8(at);
    const registers = view.getUint8(at + 1);
    const instruction = {
      opcode,
      to: registers & 15,
      from: registers >> 4,
      offset: view.getInt16(at + 2, true),
      immediate: view.getInt32(at + 4, true),
    };
    const isWide = opcode === 0x18;
    const high = isWide && at + INSTRUCTION_SIZE < bytes.length ? view.getInt32(at + INSTRUCTION_SIZE + 4, true) : 0;
    lines.push(`${place}: ${textOf(instruction, place, high, maps)}`);
    if (isWide) place += 1;
  }
  return lines;
}

interface Fields {
  readonly opcode: number;
  readonly to: number;
  readonly from: number;
  readonly offset: number;
  readonly immediate: number;
}

function textOf(one: Fields, place: number, high: number, maps: ReadonlyMap<number, string>): string {
  const { opcode, to, from, offset, immediate } = one;
  const kind = classes[opcode & 7] ?? 'ld';
  const operand = (opcode & 8) !== 0 ? `r${from}` : `${immediate}`;
  switch (kind) {
    case 'ld':
      return `r${to} = ${constant(one, high, maps)}`;
    case 'ldx':
      return `r${to} = *(${widths[opcode & 0x18]} *)(r${from} ${signed(offset)})`;
    case 'st':
      return `*(${widths[opcode & 0x18]} *)(r${to} ${signed(offset)}) = ${immediate}`;
    case 'stx': {
      const isAtomic = (opcode & 0xe0) === 0xc0;
      const place = `*(${widths[opcode & 0x18]} *)(r${to} ${signed(offset)})`;
      if (!isAtomic) return `${place} = r${from}`;
      if (immediate === atomics.exchange) return `r${from} = xchg(${place}, r${from})`;
      if (immediate === atomics['compare-exchange']) return `r0 = cmpxchg(${place}, r0, r${from})`;
      return `lock ${place} += r${from}`;
    }
    case 'alu32':
    case 'alu64': {
      if ((opcode & 0xf0) === 0xd0) return `r${to} = be${immediate} r${to}`;
      const register = kind === 'alu64' ? 'r' : 'w';
      const right = (opcode & 8) !== 0 ? `${register}${from}` : `${immediate}`;
      return `${register}${to} ${operations.get(opcode & 0xf0) ?? '?'} ${right}`;
    }
    case 'jmp':
    case 'jmp32':
      return jump(one, kind, place, operand);
    default:
      return kind satisfies never;
  }
}

function constant({ from, immediate }: Fields, high: number, maps: ReadonlyMap<number, string>): string {
  if (from === 1) return `map ${maps.get(immediate) ?? immediate}`;
  if (from === 2) return `value of map ${maps.get(immediate) ?? immediate} ${signed(high)}`;
  return `0x${BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt.asUintN(32, BigInt(immediate))).toString(16)}`;
}

function jump(
  { opcode, to, offset, immediate }: Fields,
  kind: 'jmp' | 'jmp32',
  place: number,
  operand: string,
): string {
  const operation = opcode & 0xf0;
  if (operation === 0x90) return 'exit';
  if (operation === 0x80) return `call ${helpers[immediate] ?? immediate}`;
  if (operation === 0xe0) return `may_goto ${place + 1 + offset}`;
  // the long jump has its distance where others have a number
  if (operation === 0) return `goto ${place + 1 + (kind === 'jmp' ? offset : immediate)}`;
  const left = kind === 'jmp' ? `r${to}` : `w${to}`;
  return `if ${left} ${comparisons.get(operation) ?? '?'} ${operand} goto ${place + 1 + offset}`;
}

function signed(offset: number): string {
  return offset < 0 ? `- ${-offset}` : `+ ${offset}`;
}
