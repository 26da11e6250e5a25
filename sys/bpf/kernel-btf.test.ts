import { closeSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../testing/failure.ts';
import { noBpf, skipNote } from '../testing/may-bpf.ts';
import { type KernelBtf, readBtf } from './kernel-btf.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from './program.ts';
import { type BlobType, btfBlob, kind, Strings } from './testing/btf-blob.ts';
import { ethernet, exit, instruction } from './testing/program.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from './testing/test-run.ts';

describe('where structs are found', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'btf-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const int: BlobType = { kind: kind.INT, name: 'int', sizeOrType: 4, rest: [32] };
  const struct = (name: string, ...rest: (string | number)[]): BlobType => ({
    ...{ kind: kind.STRUCT, name, sizeOrType: 16, rest },
  });
  const wanted = ['sk_buff', 'nf_conn'];

  /** A kernel with sk_buff, and a module whose sk_buff must not be seen. */
  function write(): void {
    const strings = new Strings();
    const kernel = [int, struct('sk_buff', 'mark', 1, 32)];
    writeFileSync(join(folder, 'vmlinux'), btfBlob(kernel, strings));
    const module = [struct('sk_buff', 'mark', 1, 64), struct('nf_conn', 'status', 1, 96)];
    writeFileSync(join(folder, 'nf_conntrack'), btfBlob(module, new Strings(strings)));
  }

  test('in a module when it is loaded', () => {
    write();
    const btf = readBtf(wanted, { folder, modules: ['absent', 'nf_conntrack'] });
    expect([btf.memberOffset('sk_buff', 'mark', 4), btf.memberOffset('nf_conn', 'status', 4)]).toEqual([4, 12]);
    expect(btf.member('nf_conn', 'status')).toEqual({ offset: 12, size: 4 });
    expect(() => btf.memberOffset('nf_conn', 'mark', 4)).toThrow(
      'BTF of vmlinux and nf_conntrack: no member mark in struct nf_conn',
    );
  });

  test('nowhere', () => {
    write();
    const btf = readBtf(wanted, { folder, modules: ['absent'] });
    expect(btf.member('nf_conn', 'status')).toBe(undefined);
    expect(() => btf.memberOffset('nf_conn', 'status', 4)).toThrow('BTF of vmlinux: no struct nf_conn');
    expect(() => btf.memberOffset('sk_buff', 'len', 4)).toThrow('BTF of vmlinux: no member len in struct sk_buff');
  });

  test.each([
    ['whole', 0, 32, 4],
    ['whole', 0, 32, 5],
    ['eleven', 64, 11, 1],
    ['eleven', 64, 11, 2],
    ['within', 67, 29, 1],
  ])('a bit field %s, at bit %i and %i wide, where %i bytes are to be read', (name, bit, width, size) => {
    const member = struct('sk_buff', name, 1, (width << 24) | bit);
    writeFileSync(join(folder, 'vmlinux'), btfBlob([int, { ...member, flagged: true }]));
    const offset = () => readBtf(wanted, { folder }).memberOffset('sk_buff', name, size);
    const most = bit % 8 === 0 ? width >> 3 : 0;
    if (size <= most) expect(offset()).toBe(bit / 8);
    else expect(offset).toThrow(`expected ${size} bytes of member ${name} in struct sk_buff, found ${most}`);
  });

  test('errors', () => {
    expect(failure(() => readBtf(wanted, { folder }))).toBe('open ENOENT');
    writeFileSync(join(folder, 'vmlinux'), '');
    expect(() => readBtf(wanted, { folder })).toThrow(/header of 24 bytes, found 0/);
    write();
    writeFileSync(join(folder, 'bad'), 'not BTF, but long enough');
    expect(() => readBtf(wanted, { folder, modules: ['bad'] })).toThrow(/magic/);
  });
});

const noBtf = existsSync('/sys/kernel/btf/vmlinux') ? noBpf : 'no /sys/kernel/btf/vmlinux';

describe.skipIf(noBtf !== undefined)(`the running kernel's${skipNote(noBtf)}`, () => {
  let btf: KernelBtf;
  beforeAll(() => {
    btf = readBtf([...['sk_buff', 'net_device', 'dst_entry', 'nf_hook_state'], 'hrtimer_base_type']);
  });

  test('what names in an enum stand for', () => {
    expect(btf.enumerator('hrtimer_base_type', 'HRTIMER_BASE_REALTIME')).toBe(1);
    expect(btf.enumerator('hrtimer_base_type', 'HRTIMER_BASE_REAL')).toBeUndefined();
    expect(btf.enumerator('sk_buff', 'dev')).toBeUndefined();
  });

  test.each([
    ['sk_buff', 'dev', 8],
    ['sk_buff', 'len', 4],
    ['sk_buff', 'data_len', 4],
    ['sk_buff', 'mark', 4],
    ['sk_buff', '_nfct', 8],
    ['sk_buff', 'skb_iif', 4],
    ['sk_buff', '_skb_refdst', 8],
    ['sk_buff', 'sk', 8],
    ['sk_buff', 'head', 8],
    ['sk_buff', 'data', 8],
    ['dst_entry', 'dev', 8],
    ['net_device', 'name', 16],
    ['net_device', 'ifindex', 4],
    ['nf_hook_state', 'in', 8],
    ['nf_hook_state', 'out', 8],
    ['nf_hook_state', 'sk', 8],
  ])('%s.%s is %i bytes', (struct, path, size) => {
    expect(btf.member(struct, path)?.size).toBe(size);
    expect(() => btf.memberOffset(struct, path, size + 1)).toThrow(`expected ${size + 1} bytes`);
  });

  test('pkt_type is a bit field', () => {
    expect(btf.member('sk_buff', 'pkt_type')).toMatchObject({ size: 1, bits: { width: 3 } });
  });

  const scratch = -8;
  /** r3 = the value of `size` bytes at r3 + offset, by bpf_probe_read_kernel. */
  function follow(struct: string, path: string, size: 4 | 8): Buffer {
    return Buffer.concat([
      instruction(0x07, 3, 0, btf.memberOffset(struct, path, size)),
      instruction(0x7a, 10, scratch), // *(u64 *)(r10 - 8) = 0
      instruction(0xbf, 0xa1), // r1 = r10
      instruction(0x07, 1, 0, scratch),
      instruction(0xb7, 2, 0, size),
      instruction(0x85, 0, 0, 113),
      instruction(size === 4 ? 0x61 : 0x79, 0xa3, scratch),
    ]);
  }

  /** What a program returns that finds its way from r3, the packet's sk_buff: r3 in the end. */
  function run(...steps: Buffer[]): number {
    const toSkb = instruction(0xbf, 0x13); // r3 = r1: the context is the packet's sk_buff
    const result = instruction(0xbf, 0x30); // r0 = r3
    const program = loadProgram({
      type: BPF_PROG_TYPE_SOCKET_FILTER,
      instructions: Buffer.concat([toSkb, ...steps, result, exit]),
      license: 'GPL',
      name: 'reads',
    });
    const context = Buffer.alloc(SK_BUFF_CONTEXT_SIZE);
    context.writeUInt32LE(0x1234, 8);
    try {
      return testRun(program, { data: ethernet(0x45, 0), context }).retval;
    } finally {
      closeSync(program);
    }
  }

  test('a program finds there what the packet has', () => {
    expect(run(follow('sk_buff', 'len', 4))).toBe(22);
    expect(run(follow('sk_buff', 'data_len', 4))).toBe(0);
    expect(run(follow('sk_buff', 'mark', 4))).toBe(0x1234);
  });

  test('and its device: a test run is on lo, whose index is 1', () => {
    const device = follow('sk_buff', 'dev', 8);
    expect(run(device, follow('net_device', 'ifindex', 4))).toBe(1);
    expect(run(device, follow('net_device', 'name', 4))).toBe(Buffer.from('lo\0\0').readUInt32LE());
  });
});
