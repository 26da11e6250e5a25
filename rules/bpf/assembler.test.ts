import { describe, expect, test } from 'vitest';
import { Assembler } from './assembler.ts';
import { disassemble } from './disassemble.ts';
import { assemble } from './encode.ts';
import { FP, R0, R1, R2, R3 } from './instruction.ts';

const symbols = { maps: { rules: 5 } };
const hex = (code: Assembler) => Buffer.from(assemble(code.instructions, symbols)).toString('hex');
const text = (code: Assembler) =>
  disassemble(assemble(code.instructions, symbols), { maps: new Map([[5, 'rules']]) }).map((line) =>
    line.replace(/^\d+: /, ''),
  );

describe('instructions', () => {
  test.each([
    { name: 'move', code: new Assembler().move(R0, R1), bytes: 'bf10000000000000', says: 'r0 = r1' },
    { name: 'set', code: new Assembler().move(R0, { value: -1 }), bytes: 'b7000000ffffffff', says: 'r0 = -1' },
    { name: 'add 32', code: new Assembler().alu32('add', R2, 7), bytes: '0402000007000000', says: 'w2 += 7' },
    { name: 'be16', code: new Assembler().swap(R1, 16), bytes: 'dc01000010000000', says: 'r1 = be16 r1' },
    {
      name: 'load',
      code: new Assembler().load(1, R3, FP, -8),
      bytes: '71a3f8ff00000000',
      says: 'r3 = *(u8 *)(r10 - 8)',
    },
    {
      name: 'store',
      code: new Assembler().store(8, FP, -16, { register: R1 }),
      bytes: '7b1af0ff00000000',
      says: '*(u64 *)(r10 - 16) = r1',
    },
    {
      name: 'store a number',
      code: new Assembler().store(4, R1, 4, 9),
      bytes: '6201040009000000',
      says: '*(u32 *)(r1 + 4) = 9',
    },
    {
      name: 'atomic add',
      code: new Assembler().atomicAdd(8, R2, 8, R1),
      bytes: 'db12080000000000',
      says: 'lock *(u64 *)(r2 + 8) += r1',
    },
    {
      name: 'atomic exchange',
      code: new Assembler().exchange(8, R2, 8, R1),
      bytes: 'db120800e1000000',
      says: 'r1 = xchg(*(u64 *)(r2 + 8), r1)',
    },
    {
      name: 'atomic compare and exchange',
      code: new Assembler().compareExchange(4, R2, -4, R1),
      bytes: 'c312fcfff1000000',
      says: 'r0 = cmpxchg(*(u32 *)(r2 - 4), r0, r1)',
    },
    {
      name: 'constant',
      code: new Assembler().constant(R1, 0xff0001ffn),
      bytes: '18010000ff0100ff0000000000000000',
      says: 'r1 = 0xff0001ff',
    },
    {
      name: 'map',
      code: new Assembler().map(R1, 'rules'),
      bytes: '18110000050000000000000000000000',
      says: 'r1 = map rules',
    },
    {
      name: "map's value",
      code: new Assembler().mapValue(R1, 'rules', 64),
      bytes: '18210000050000000000000040000000',
      says: 'r1 = value of map rules + 64',
    },
    { name: 'call', code: new Assembler().call(26), bytes: '850000001a000000', says: 'call skb_load_bytes' },
    { name: 'exit', code: new Assembler().exit(), bytes: '9500000000000000', says: 'exit' },
  ])('$name', ({ code, bytes, says }) => {
    expect(hex(code)).toBe(bytes);
    expect(text(code)).toEqual([says]);
  });

  test('jumps go to labels, forth and back', () => {
    const code = new Assembler();
    code.label('again').branch(R1, '==', 0, 'end').branch(R1, '&', { register: R2 }, 'again');
    code.mayGoto('end').jump('again').label('end').exit();
    expect(text(code)).toEqual(['if r1 == 0 goto 4', 'if r1 & r2 goto 0', 'may_goto 4', 'goto 0', 'exit']);
  });

  test('what is too far for 16 bits goes by way of a long jump', () => {
    const code = new Assembler().branch(R1, '==', 0, 'end').jump('end');
    for (let count = 0; count < 33_000; count += 1) code.move(R0, { value: 0 });
    code.label('end').exit();
    const lines = text(code);
    expect(lines.slice(0, 4)).toEqual(['if r1 == 0 goto 2', 'goto 3', 'goto 33004', 'goto 33004']);
    expect(lines[33_003]).toBe('r0 = 0');
    expect(lines.at(-1)).toBe('exit');
    expect(lines).toHaveLength(33_005);
  });

  test.each([
    { name: 'label', code: new Assembler().jump('nowhere'), says: /no label nowhere/ },
    { name: 'map', code: new Assembler().map(R1, 'lost'), says: /no map lost/ },
    { name: 'second label', code: new Assembler().label('a').label('a'), says: /label a is there twice/ },
  ])('a $name that is missing or too many', ({ code, says }) => {
    expect(() => assemble(code.instructions, symbols)).toThrow(says);
  });

  test('half an instruction is none', () => {
    expect(() => disassemble(new Uint8Array(12))).toThrow(/found 12 bytes/);
  });
});
