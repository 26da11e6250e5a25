import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { bpfOf } from '../extension.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type U32Info, u32 } from './u32.ts';

type Step = readonly [operator: string, number: number];
type Range = readonly [min: number, max: number];
interface Test {
  readonly steps: readonly Step[];
  readonly ranges: readonly Range[];
  readonly nnums?: number;
  readonly nvalues?: number;
}

const operators = ['&', '<<', '>>', '@'];

/** The struct, byte by byte. */
function of(tests: readonly Test[], counts: { ntests?: number; invert?: number } = {}): U32Info {
  const bytes = Buffer.alloc(1984);
  for (const [index, { steps, ranges, nnums = steps.length, nvalues = ranges.length }] of tests.entries()) {
    const start = index * 180;
    for (const [at, [operator, number]] of steps.entries()) {
      bytes.writeUInt32LE(number, start + at * 8);
      bytes[start + at * 8 + 4] = operator === '' ? 0 : operators.indexOf(operator);
    }
    for (const [at, [min, max]] of ranges.entries()) {
      bytes.writeUInt32LE(min, start + 88 + at * 8);
      bytes.writeUInt32LE(max, start + 92 + at * 8);
    }
    bytes[start + 176] = nnums;
    bytes[start + 177] = nvalues;
  }
  bytes[1980] = counts.ntests ?? tests.length;
  bytes[1981] = counts.invert ?? 0;
  const revision = u32.revisions[0];
  if (revision === undefined) throw new Error('no revision 0');
  return revision.decode(bytes);
}

const zero: Test = { steps: [['', 0]], ranges: [[0, 0]] };
const shift = (operator: string, bits: number): Test => ({
  steps: [
    ['', 99],
    [operator, bits],
  ],
  ranges: [[0, 0]],
});

describe('u32', () => {
  it('has the size of struct xt_u32', () => expect(u32.revisions[0]?.size).toBe(1984));
  it('keeps every byte', () => expectRoundTrips(u32));

  it.each<[U32Info, string]>([
    [of([zero]), '"0x0=0x0"'],
    [
      of([
        {
          steps: [
            ['', 0],
            ['>>', 22],
            ['&', 0x3c],
            ['@', 4],
            ['<<', 1],
          ],
          ranges: [
            [1, 1],
            [17, 20],
            [0, 0xffffffff],
          ],
        },
        zero,
      ]),
      '"0x0>>0x16&0x3c@0x4<<0x1=0x1,0x11:0x14,0x0:0xffffffff&&0x0=0x0"',
    ],
    [of([zero, zero], { ntests: 1 }), '"0x0=0x0"'],
    [of([]), '""'],
    [of([{ ...zero, nnums: 0, nvalues: 0 }]), '"0x0="'],
  ])('%#', (info, text) => {
    expect(texts(u32, info, anyHeader)).toEqual([` u32 ${text}`, ` u32 ${text}`, ` --u32 ${text}`]);
  });

  it.each([1, 5])('inverted by %i', (invert) => {
    const list = ' u32 ! "0x0=0x0"';
    expect(texts(u32, of([zero], { invert }), anyHeader)).toEqual([list, list, ' ! --u32 "0x0=0x0"']);
  });

  // each asked of the kernel
  it.each<[string, U32Info, number | undefined]>([
    ['11 tests', of(Array.from({ length: 11 }, () => zero)), undefined],
    ['no test', of([]), undefined],
    ['12 tests', of([zero], { ntests: 12 }), errno.EINVAL],
    ['11 numbers and ranges', of([{ ...zero, nnums: 11, nvalues: 11 }]), undefined],
    ['12 numbers', of([{ ...zero, nnums: 12 }]), errno.EINVAL],
    ['12 ranges', of([{ ...zero, nvalues: 12 }]), errno.EINVAL],
    ['12 ranges behind the last test', of([zero, { ...zero, nvalues: 12 }], { ntests: 1 }), undefined],
    ['12 ranges in the second test', of([zero, { ...zero, nvalues: 12 }]), errno.EINVAL],
    ['shifts by 31', of([shift('<<', 31), shift('>>', 31)]), undefined],
    ['a shift to the left by 32', of([shift('<<', 32)]), errno.EINVAL],
    ['a shift to the right by 33', of([shift('>>', 33)]), errno.EINVAL],
    ['a shift behind the last number', of([{ ...shift('>>', 33), nnums: 1 }]), undefined],
    ['other steps by much', of([shift('&', 99), shift('@', 99)]), undefined],
  ])('%s', (_, info, code) => expect(checkErrno(u32, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => u32.nft(of([zero]), checking())).toThrow('offsets');
  });
});

describe('u32 in BPF', () => {
  const inBpf = (info: U32Info) => bpfOf(u32, info, { header: anyHeader });
  const steps: Test = {
    steps: [
      ['', 6],
      ['&', 0xff],
      ['>>', 2],
      ['<<', 31],
      ['@', 8],
    ],
    ranges: [
      [1, 1],
      [5, 9],
    ],
  };
  const value = (kind: string, first: number, second: number) =>
    expect.objectContaining({ field: 'registerA', kind, first, second });

  it('a step for each number, then the ranges', () => {
    expect(inBpf(of([steps]))).toEqual({
      groups: [
        [{ kind: 'u32Load', first: 6 }],
        [{ kind: 'u32And', first: 0xff }],
        [{ kind: 'u32Right', first: 2 }],
        [{ kind: 'u32Left', first: 31 }],
        [{ kind: 'u32At', first: 8 }],
        [value('masked', 1, 0xffffffff), value('within', 5, 4)],
      ],
      inverted: false,
    });
  });

  it('the first number counts whatever there are; no range is none', () => {
    expect(inBpf(of([{ ...steps, nnums: 0, nvalues: 0 }])).groups).toEqual([[{ kind: 'u32Load', first: 6 }], []]);
  });

  it('inverted as a whole; by more than 1 it holds always', () => {
    expect(inBpf(of([steps, steps], { invert: 1 }))).toMatchObject({ inverted: true });
    expect(inBpf(of([steps, steps], { invert: 1 })).groups).toHaveLength(12);
    expect(inBpf(of([steps], { invert: 2 }))).toEqual({ groups: [] });
  });
});
