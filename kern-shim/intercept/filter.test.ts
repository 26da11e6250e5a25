import { describe, expect, test } from 'vitest';
import { families } from '../../protocol/family.ts';
import { arches } from '../../sys/arch.ts';
import { buildFilter } from './filter.ts';

const allow = 0x7fff0000;
const notify = 0x7fc00000;

/** A second, naive reading of classic BPF: what the kernel would return for a system call. */
function runFilter(filter: Uint8Array, call: { arch: number; nr: number; args: readonly number[] }): number {
  const code = Buffer.from(filter);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.nr, 0);
  data.writeUInt32LE(call.arch, 4);
  for (const [index, value] of call.args.entries()) data.writeBigUInt64LE(BigInt(value), 16 + 8 * index);
  let accumulator = 0;
  for (let pc = 0; pc < code.length / 8; pc += 1) {
    const at = pc * 8;
    const [operation, yes, no, k] = [
      code.readUInt16LE(at),
      code[at + 2] ?? 0,
      code[at + 3] ?? 0,
      code.readUInt32LE(at + 4),
    ];
    if (operation === 0x20) accumulator = data.readUInt32LE(k);
    else if (operation === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (operation === 0x15) pc += accumulator === k ? yes : no;
    else if (operation === 0x06) return k;
    else throw new Error(`unexpected operation ${operation}`);
  }
  throw new Error('ran off the end');
}

const options = families.map((family) => ({
  level: family.level,
  get: Object.values(family.get),
  set: Object.values(family.set),
}));
const open = { pageOffset: 0xac4, flags: 0o2000000 };

describe.each(['x64', 'arm64'] as const)('the filter on %s', (name) => {
  const { auditArch: arch, nr } = arches[name];
  const filter = buildFilter({ auditArch: arch, ...nr }, options, open);
  test.each([
    { case: 'GET_INFO', nr: nr.getsockopt, args: [3, 0, 64], want: notify },
    { case: 'GET_REVISION_TARGET', nr: nr.getsockopt, args: [3, 0, 67], want: notify },
    { case: 'option 63', nr: nr.getsockopt, args: [3, 0, 63], want: allow },
    { case: 'option 68', nr: nr.getsockopt, args: [3, 0, 68], want: allow },
    { case: 'SET_REPLACE', nr: nr.setsockopt, args: [3, 0, 64], want: notify },
    { case: 'ADD_COUNTERS', nr: nr.setsockopt, args: [3, 0, 65], want: notify },
    { case: 'set of a get option', nr: nr.setsockopt, args: [3, 0, 66], want: allow },
    { case: 'IPv6, which is not served', nr: nr.getsockopt, args: [3, 41, 64], want: allow },
    { case: 'SOL_SOCKET', nr: nr.getsockopt, args: [3, 1, 64], want: allow },
    {
      case: 'high words of int arguments are ignored',
      nr: nr.getsockopt,
      args: [3, 2 ** 32, 2 ** 32 + 64],
      want: notify,
    },
    { case: 'another system call', nr: nr.socket, args: [2, 0, 64], want: allow },
    {
      case: 'an open at the address of the string',
      nr: nr.openat,
      args: [2 ** 32 - 100, 0x7f00_1234_5ac4, 0o2000000],
      want: notify,
    },
    {
      case: 'an open at another address',
      nr: nr.openat,
      args: [2 ** 32 - 100, 0x7f00_1234_5ac5, 0o2000000],
      want: allow,
    },
    {
      case: 'an open with other flags',
      nr: nr.openat,
      args: [2 ** 32 - 100, 0x7f00_1234_5ac4, 0o2000001],
      want: allow,
    },
  ])('$case', ({ nr: call, args, want }) => {
    expect(runFilter(filter, { arch, nr: call, args })).toBe(want);
  });

  test('lets callers of another architecture pass', () => {
    expect(runFilter(filter, { arch: 0x40000003, nr: nr.getsockopt, args: [3, 0, 64] })).toBe(allow);
  });

  test('without the string no open is caught', () => {
    const plain = buildFilter({ auditArch: arch, ...nr }, options, undefined);
    expect(runFilter(plain, { arch, nr: nr.openat, args: [0, 0xac4, 0o2000000] })).toBe(allow);
  });
});
