import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { bpfOf } from '../extension.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type BpfInfo, bpf } from './bpf.ts';

const instructions: readonly (readonly [code: number, jt: number, jf: number, k: number])[] = [
  [48, 0, 0, 9],
  [21, 0, 1, 6],
  [6, 0, 0, 4_294_967_295],
];

const program = (() => {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, jt, jf, k]] of instructions.entries()) {
    view.setUint16(index * 8, code, true);
    bytes[index * 8 + 2] = jt;
    bytes[index * 8 + 3] = jf;
    view.setUint32(index * 8 + 4, k, true);
  }
  return bytes;
})();

const of = (info: Partial<BpfInfo> = {}): BpfInfo => ({
  mode: 0,
  bpf_program_num_elem: 3,
  fd: 0,
  program,
  filter: 0n,
  pad: new Uint8Array(2),
  pad2: new Uint8Array(4),
  ...info,
});
const path = (text: string) => of({ mode: 1, bpf_program_num_elem: 0, program: room(512, text) });

describe('bpf', () => {
  it.each([0, 1])('revision %i has the size of its struct', (number) => expect(bpf.revisions[number]?.size).toBe(528));
  it('keeps every byte', () => expectRoundTrips(bpf));

  it.each([0, 1])('revision %i: bytes there and back', (number) => {
    const revision = bpf.revisions[number];
    expect(revision?.decode(revision.encode(of()))).toEqual(of());
  });

  // the NUL is the plugin's
  it.each<[string, BpfInfo, string, string]>([
    [
      'a program',
      of(),
      'match bpf 48 0 0 9,21 0 1 6,6 0 0 4294967295\0',
      ' --bytecode "3,48 0 0 9,21 0 1 6,6 0 0 4294967295"',
    ],
    ['no program', of({ bpf_program_num_elem: 0 }), 'match bpf ', ' --bytecode "0,"'],
    ['a path', path('/sys/fs/bpf/one'), 'match bpf pinned /sys/fs/bpf/one', ' --object-pinned /sys/fs/bpf/one'],
    ['a descriptor', of({ mode: 2 }), 'match bpf unknown', ''],
  ])('%s', (_, info, list, save) => {
    expect(texts(bpf, info, anyHeader)).toEqual([list, list, save]);
  });

  // but for the descriptor each asked of the kernel
  it.each<[string, BpfInfo, number | undefined]>([
    ['a program', of(), undefined],
    ['a program of 64', of({ bpf_program_num_elem: 64 }), undefined],
    ['a program of 65', of({ bpf_program_num_elem: 65 }), errno.EINVAL],
    ['no program', of({ bpf_program_num_elem: 0 }), errno.EINVAL],
    ['a path', path('/sys/fs/bpf/one'), undefined],
    ['a path of 511', path('/'.repeat(511)), undefined],
    ['a path of 512', path('/'.repeat(512)), errno.EINVAL],
    ['a descriptor', of({ mode: 2 }), errno.EOPNOTSUPP],
    ['another mode', of({ mode: 3 }), errno.EINVAL],
  ])('%s', (_, info, code) => expect(checkErrno(bpf, info)).toBe(code));

  it('is left to the kernel', () => {
    expect(() => bpf.nft(of(), checking())).toThrow('no BPF');
  });
});

describe('bpf in BPF', () => {
  const inBpf = (info: BpfInfo) => bpfOf(bpf, info, { header: anyHeader });
  it('its instructions, as many as count', () => {
    expect(inBpf(of({ bpf_program_num_elem: 1, program: program.subarray(16) }))).toEqual({ groups: [] });
    expect(() => inBpf(of())).toThrow('instruction 1 leads behind the end');
    const whole = Uint8Array.from(program);
    whole[11] = 0;
    expect(inBpf(of({ program: whole })).program).toMatchObject([
      { holds: 1, fails: false },
      { holds: true, fails: true },
    ]);
  });

  it('no program that is pinned', () => expect(() => inBpf(path('/sys/fs/bpf/x'))).toThrow("can't run another"));
});
