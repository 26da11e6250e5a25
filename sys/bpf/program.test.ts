import { closeSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { mapShared } from '../mmap.ts';
import { failure, flagsLine } from '../testing/failure.ts';
import { noBpf, noBpfById, skipNote } from '../testing/may-bpf.ts';
import { BPF_F_MMAPABLE, BPF_MAP_TYPE_ARRAY, createMap } from './map.ts';
import { mapById, mapInfo } from './map-info.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from './program.ts';
import { ethernet, exit, instruction, returns } from './testing/program.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from './testing/test-run.ts';

const O_CLOEXEC = 0o2000000;

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
});
function opened(fd: number): number {
  open.push(fd);
  return fd;
}

const socketFilter = { type: BPF_PROG_TYPE_SOCKET_FILTER, license: 'GPL', name: 'filter' } as const;
const loaded = (...instructions: Buffer[]): number =>
  opened(loadProgram({ ...socketFilter, instructions: Buffer.concat(instructions) }));

describe.skipIf(noBpf !== undefined)(`programs${skipNote(noBpf)}`, () => {
  test('a descriptor is closed on exec', () => {
    const flags = flagsLine(readFileSync(`/proc/self/fdinfo/${loaded(returns(0))}`, 'utf8'));
    expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
  });

  test('two instructions: what they return, and how long that takes', () => {
    const result = testRun(loaded(returns(42)), { data: ethernet(), repeat: 1000 });
    expect(result.retval).toBe(42);
    expect(result.durationNs).toBeLessThan(1_000_000);
  });

  test('a socket filter sees the packet from the IP header on', () => {
    // r6 = ctx; r0 = byte 0 of the packet (BPF_LD | BPF_ABS | BPF_B)
    const program = loaded(instruction(0xbf, 0x16), instruction(0x30), exit);
    const data = ethernet(0x45);
    expect(testRun(program, { data }).retval).toBe(0x45);
    expect(failure(() => testRun(program, { data: data.subarray(0, 13) }))).toBe('bpf EINVAL');
  });

  test('the context gives the mark', () => {
    const program = loaded(instruction(0x61, 0x10, 8), exit); // r0 = ctx->mark
    const context = Buffer.alloc(SK_BUFF_CONTEXT_SIZE);
    context.writeUInt32LE(0x1234, 8);
    expect(testRun(program, { data: ethernet() }).retval).toBe(0);
    expect(testRun(program, { data: ethernet(), context }).retval).toBe(0x1234);
    expect(testRun(program, { data: ethernet(), context: context.subarray(0, 12) }).retval).toBe(0x1234);
    context.writeUInt32LE(1, 0); // len isn't for the caller to say
    expect(failure(() => testRun(program, { data: ethernet(), context }))).toBe('bpf EINVAL');
  });

  test('no program: EBADF; a map: EINVAL', () => {
    const map = opened(createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1, name: 'map' }));
    expect(failure(() => testRun(-1, { data: ethernet() }))).toBe('bpf EBADF');
    expect(failure(() => testRun(map, { data: ethernet() }))).toBe('bpf EINVAL');
  });
});

describe.skipIf(noBpf !== undefined)(`what the verifier refuses${skipNote(noBpf)}`, () => {
  function refusal(instructions: Uint8Array): BpfilterError {
    try {
      opened(loadProgram({ ...socketFilter, instructions }));
    } catch (error) {
      if (error instanceof BpfilterError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  }

  test.each([
    [
      'no return value',
      exit,
      'bpf EACCES',
      /^bpf: EACCES \(BPF_PROG_LOAD, program filter, 1 instructions: .*R0 !read_ok/s,
    ],
    ['unreachable code', Buffer.concat([exit, exit]), 'bpf EINVAL', /unreachable insn 1/],
    ['an unknown instruction', Buffer.concat([instruction(0xff), exit]), 'bpf EINVAL', /unknown opcode ff/],
    ['none', Buffer.alloc(0), 'bpf E2BIG', /0 instructions\)$/],
    ['half of one', Buffer.alloc(12), 'bpf EINVAL', /12 bytes\)$/],
  ])('%s', (_, instructions, expected, message) => {
    const error = refusal(instructions);
    expect(failure(() => loadProgram({ ...socketFilter, instructions }))).toBe(expected);
    expect(error.message).toMatch(message);
  });

  test('of a long log only the end', () => {
    const moves = Array.from({ length: 3000 }, () => instruction(0xb7, 3, 0, 1));
    const { message } = refusal(Buffer.concat([...moves, exit]));
    expect(message).toMatch(/3001 instructions: ….*R0 !read_ok/s);
    expect(message.length).toBeGreaterThan(2000);
    expect(message.length).toBeLessThan(2200);
  });
});

describe.skipIf(noBpfById !== undefined)(`maps by their ids${skipNote(noBpfById)}`, () => {
  test('a map tells its name, and is found by its id', () => {
    const made = createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 24, maxEntries: 3, name: 'a_map' });
    const { id, name } = mapInfo(opened(made));
    expect(name).toBe('a_map');
    expect(mapInfo(opened(mapById(id)))).toEqual({ id, name });
  });

  test('none', () => {
    expect(failure(() => mapById(0xfffffff0))).toBe('bpf ENOENT');
    expect(failure(() => mapInfo(-1))).toBe('bpf EBADF');
    expect(failure(() => mapInfo(0))).toBe('bpf EINVAL');
    const program = loaded(returns(1));
    expect(failure(() => mapInfo(program))).toBe('bpf EINVAL');
  });
});

describe.skipIf(noBpf !== undefined)(`a map in memory${skipNote(noBpf)}`, () => {
  test('shows what a program counts, and a program sees what is written', () => {
    const size = 16384;
    const map = opened(
      createMap({
        ...{ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: size, maxEntries: 1, name: 'counters' },
        flags: BPF_F_MMAPABLE,
      }),
    );
    const { bytes, unmap } = mapShared(map, size, { writable: true });
    const counters = new BigUint64Array(bytes);
    expect(counters).toHaveLength(size / 8);
    // r1 = &value[8192]; r2 = 1; atomic *(u64 *)r1 += r2; r0 = *(u32 *)r1
    const program = loaded(
      instruction(0x18, 0x21, 0, map),
      instruction(0, 0, 0, 8192),
      instruction(0xb7, 2, 0, 1),
      instruction(0xdb, 0x21),
      instruction(0x61, 0x10),
      exit,
    );
    expect(testRun(program, { data: ethernet(), repeat: 1000 }).retval).toBe(1000);
    expect(counters[1024]).toBe(1000n);
    counters[1024] = 5n;
    expect(testRun(program, { data: ethernet() }).retval).toBe(6);
    expect(Atomics.load(counters, 1024)).toBe(6n);
    expect(counters.filter((count) => count !== 0n)).toHaveLength(1);
    unmap();
  });
});
