import { describe, expect, it } from 'vitest';
import type { ClassicInstruction } from './classic-instruction.ts';
import { classicMatch } from './classic-program.ts';

const program = (text: string): readonly ClassicInstruction[] =>
  text.split(',').map((one) => {
    const [code = 0, jt = 0, jf = 0, k = 0] = one.split(' ').map(Number);
    return { code, jt, jf, k: k >>> 0 };
  });
const made = (text: string) => classicMatch(program(text));
const AD = -0x1000;

describe('classic programs', () => {
  it('a step each; returns of a constant and jumps take none', () => {
    expect(made('48 0 0 9,21 0 2 6,5 0 0 0,6 0 0 1,6 0 0 0')).toEqual({
      groups: [],
      program: [
        { test: { kind: 'classicLoad', first: 9, credit: 1, second: 0 }, holds: 1, fails: false },
        {
          test: { field: 'registerA', kind: 'masked', first: 6, second: 0xffffffff, negated: false },
          holds: true,
          fails: false,
        },
      ],
    });
  });

  it('what is done always or never', () => {
    expect(made('6 0 0 1')).toEqual({ groups: [] });
    expect(made('5 0 0 1,6 0 0 1,6 0 0 0')).toEqual({ groups: [[]] });
  });

  it('A and X are cleared where one is read before it is written, on whichever way', () => {
    const kinds = (text: string) => made(text).program?.map(({ test }) => `${test.kind} ${test.second}`);
    expect(kinds('22 0 0 0')).toEqual(['classicTake 0', 'any 4294967295']);
    expect(kinds('12 0 0 0,22 0 0 0')).toEqual(['classicTake 0', 'classicTake 1', 'classicMath 8', 'any 4294967295']);
    expect(kinds('48 0 0 0,21 0 1 5,1 0 0 1,135 0 0 0,22 0 0 0')?.slice(0, 2)).toEqual([
      'classicTake 1',
      'classicLoad 0',
    ]);
    expect(kinds('1 0 0 1,135 0 0 0,22 0 0 0')?.[0]).toBe('classicTake 1');
    expect(made('1 0 0 1,135 0 0 0,22 0 0 0').program).toHaveLength(3);
  });

  it('leaves out what nothing leads to', () => {
    expect(made('48 0 0 9,22 0 0 0,48 0 0 1,6 0 0 0').program).toHaveLength(2);
  });

  it.each([
    ['an attribute of netlink', `32 0 0 ${AD + 12},22 0 0 0`],
    ['where a payload begins', `32 0 0 ${AD + 52},22 0 0 0`],
  ])('can not: %s', (_, text) => expect(() => made(text)).toThrow('a program of ours'));

  // each asked of the kernel: EINVAL
  it.each([
    ['an unknown code', '255 0 0 0,6 0 0 0'],
    ['a code of more than a byte', '262 0 0 0,6 0 0 0'],
    ['no end', '48 0 0 0'],
    ['an end that is a jump', '5 0 0 0'],
    ['a division by 0', '52 0 0 0,6 0 0 0'],
    ['a remainder by 0', '148 0 0 0,6 0 0 0'],
    ['a shift by 32', '100 0 0 32,6 0 0 0'],
    ['a jump behind the end', '21 0 1 0,6 0 0 0'],
    ['a long jump behind the end', '5 0 0 1,6 0 0 0'],
    ['a long jump back', '5 0 0 4294967295,6 0 0 0'],
    ['place 16', '2 0 0 16,6 0 0 0'],
    ['a place that was not stored', '96 0 0 3,6 0 0 0'],
    ['one that was stored on one way only', '21 0 1 0,2 0 0 3,96 0 0 3,6 0 0 0'],
    ['an unknown extension', `32 0 0 ${AD + 64},6 0 0 0`],
    ['an extension of odd number', `32 0 0 ${AD + 1},6 0 0 0`],
    ['a return of X', '14 0 0 0'],
    ['a negation of X', '140 0 0 0,6 0 0 0'],
  ])('the kernel refuses: %s', (_, text) => expect(() => made(text)).toThrow('no program'));

  // each asked of the kernel
  it.each([
    ['a shift by 31', '100 0 0 31,6 0 0 0'],
    ['a place stored on both ways', '21 0 2 0,2 0 0 3,5 0 0 1,2 0 0 3,96 0 0 3,6 0 0 0'],
    ['one behind a return', '21 0 1 0,6 0 0 0,2 0 0 3,96 0 0 3,6 0 0 0'],
    ['an extension as a load of a byte', `48 0 0 ${AD},6 0 0 0`],
    ['a header of an IP packet below 0', `177 0 0 ${AD + 1},6 0 0 0`],
    ['a return of A with other bits', '22 0 0 7'],
  ])('the kernel takes: %s', (_, text) => expect(made(text)).toBeDefined());
});
