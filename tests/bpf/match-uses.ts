import type { MatchUse } from '../../rules/ir.ts';
import { match } from '../../rules/nft/testing/rules.ts';

/** `-m statistic --mode nth`. */
export function statistic(every: number, count: number, flags = 0): MatchUse {
  return match('statistic', 0, { mode: 1, flags, every, packet: 0, count, master: 0n });
}

/** `-m limit`, by 1/10,000 s between packets. */
export function bucket(avg: number, burst: number): MatchUse {
  return match('limit', 0, { avg, burst, prev: 0n, credit: 0, credit_cap: 0, cost: 0, master: 0n });
}

/** `-m quota`. */
export function quota(bytes: bigint, flags = 0): MatchUse {
  return match('quota', 0, { flags, pad: 0, quota: bytes, master: 0n });
}

export interface TextOptions {
  readonly from?: number;
  readonly to?: number;
  readonly algorithm?: 'bm' | 'kmp';
  readonly ignoreCase?: boolean;
  readonly invert?: boolean;
}

/** `-m string`; the text in latin1. */
export function text(pattern: string, options: TextOptions = {}): MatchUse {
  const { from = 0, to = 0xffff, algorithm = 'kmp', ignoreCase = false, invert = false } = options;
  const padded = (bytes: string, size: number) => {
    const room = new Uint8Array(size);
    room.set(Buffer.from(bytes, 'latin1'));
    return room;
  };
  return match('string', 1, {
    from_offset: from,
    to_offset: to,
    algo: padded(algorithm, 16),
    pattern: padded(pattern, 128),
    patlen: pattern.length,
    flags: (invert ? 1 : 0) | (ignoreCase ? 2 : 0),
    pad: new Uint8Array(2),
    config: 0n,
  });
}

/** `-m bpf --bytecode`, without its count. */
export function classic(bytecode: string): MatchUse {
  const program = Buffer.alloc(64 * 8);
  const instructions = bytecode.split(',').map((text) => text.trim().split(' ').map(Number));
  for (const [index, [code = 0, jt = 0, jf = 0, k = 0]] of instructions.entries()) {
    program.writeUInt16LE(code, 8 * index);
    program.writeUInt8(jt, 8 * index + 2);
    program.writeUInt8(jf, 8 * index + 3);
    program.writeUInt32LE(k >>> 0, 8 * index + 4);
  }
  return match('bpf', 1, { mode: 0, bpf_program_num_elem: instructions.length, fd: 0, program, filter: 0n });
}

const operators = ['&', '<<', '>>', '@'];

/** `-m u32` by its tests as they are written. */
export function u32(texts: readonly string[], invert = 0): MatchUse {
  const numbers = (text: string) => text.split(/[^0-9a-fx]+/).map(Number);
  const pad = new Uint8Array(3);
  const filled = <One>(some: readonly One[], none: One) => Array.from({ length: 11 }, (_, at) => some[at] ?? none);
  const tests = texts.map((text) => {
    const [location = '', value = ''] = text.split('=');
    const steps = location.match(/[&<>@]+/g) ?? [];
    const places = numbers(location).map((number, at) => ({
      number,
      nextop: at === 0 ? 0 : operators.indexOf(steps[at - 1] ?? ''),
      pad,
    }));
    const ranges = value.split(',').map((range) => {
      const [min = 0, max = min] = numbers(range);
      return { min, max };
    });
    return {
      location: filled(places, { number: 0, nextop: 0, pad }),
      value: filled(ranges, { min: 0, max: 0 }),
      nnums: places.length,
      nvalues: ranges.length,
      pad: new Uint8Array(2),
    };
  });
  const blank = {
    location: filled([], { number: 0, nextop: 0, pad }),
    value: filled([], { min: 0, max: 0 }),
    nnums: 0,
    nvalues: 0,
    pad: new Uint8Array(2),
  };
  return match('u32', 0, { tests: filled(tests, blank), ntests: tests.length, invert, pad: new Uint8Array(2) });
}
