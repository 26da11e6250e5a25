import { BpfilterError } from '../protocol/error.ts';

/**
 * A small assembler for classic BPF as seccomp takes it (linux/filter.h, linux/bpf_common.h):
 * one `sock_filter` is {code u16, jt u8, jf u8, k u32}. Jumps name labels; offsets are resolved here.
 */
export type ClassicInstruction =
  | { readonly op: 'load'; readonly offset: number } // A = 32-bit word at offset
  | { readonly op: 'and'; readonly value: number } // A &= value
  | { readonly op: 'if-equal'; readonly value: number; readonly yes?: string; readonly no?: string }
  | { readonly op: 'if-above'; readonly value: number; readonly yes?: string; readonly no?: string }
  | { readonly op: 'if-at-least'; readonly value: number; readonly yes?: string; readonly no?: string }
  | { readonly op: 'label'; readonly name: string }
  | { readonly op: 'return'; readonly value: number };

const code = {
  load: 0x20, // BPF_LD | BPF_W | BPF_ABS
  and: 0x54, // BPF_ALU | BPF_AND | BPF_K
  'if-equal': 0x15, // BPF_JMP | BPF_JEQ | BPF_K
  'if-above': 0x25, // BPF_JMP | BPF_JGT | BPF_K
  'if-at-least': 0x35, // BPF_JMP | BPF_JGE | BPF_K
  return: 0x06, // BPF_RET | BPF_K
} as const;

const instructionSize = 8;
const farthestJump = 255;

/** Assembles to `struct sock_filter[]` bytes. Throws on an unknown label or a jump past 255 instructions. */
export function assembleClassic(program: readonly ClassicInstruction[]): Uint8Array {
  const labels = new Map<string, number>();
  let count = 0;
  for (const instruction of program) {
    if (instruction.op === 'label') labels.set(instruction.name, count);
    else count += 1;
  }
  const out = Buffer.alloc(count * instructionSize);
  let at = 0;
  const offsetOf = (label: string | undefined): number => {
    if (label === undefined) return 0;
    const target = labels.get(label);
    if (target === undefined) throw new BpfilterError('usage', `classic BPF: no label "${label}"`);
    const distance = target - at - 1;
    if (distance < 0 || distance > farthestJump) {
      throw new BpfilterError('usage', `classic BPF: jump to "${label}" of ${distance}, allowed 0..${farthestJump}`);
    }
    return distance;
  };
  for (const instruction of program) {
    if (instruction.op === 'label') continue;
    const start = at * instructionSize;
    out.writeUInt16LE(code[instruction.op], start);
    if ('yes' in instruction || 'no' in instruction) {
      out.writeUInt8(offsetOf(instruction.yes), start + 2);
      out.writeUInt8(offsetOf(instruction.no), start + 3);
    }
    out.writeUInt32LE((instruction.op === 'load' ? instruction.offset : instruction.value) >>> 0, start + 4);
    at += 1;
  }
  return out;
}
