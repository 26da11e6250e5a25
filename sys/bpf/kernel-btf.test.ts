import { closeSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../testing/failure.ts';
import { noBpf, skipNote } from '../testing/may-bpf.ts';
import { type KernelBtf, readBtf } from './kernel-btf.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from './program.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from './test-run.ts';
import { type BlobType, btfBlob, kind, Strings } from './testing/btf-blob.ts';
import { ethernet, exit, instruction } from './testing/program.ts';

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
  const wanted = { structs: ['sk_buff', 'nf_conn'], functions: ['cast'] };

  /** A kernel with sk_buff and cast, and a module whose sk_buff must not be seen. */
  function write(): void {
    const strings = new Strings();
    const kernel = [int, struct('sk_buff', 'mark', 1, 32), { kind: kind.FUNC, name: 'cast' }];
    writeFileSync(join(folder, 'vmlinux'), btfBlob(kernel, strings));
    const module = [struct('sk_buff', 'mark', 1, 64), struct('nf_conn', 'status', 1, 96)];
    writeFileSync(join(folder, 'nf_conntrack'), btfBlob(module, new Strings(strings)));
  }

  test('in a module when it is loaded', () => {
    write();
    const btf = readBtf(wanted, { folder, modules: ['absent', 'nf_conntrack'] });
    expect([btf.memberOffset('sk_buff', 'mark'), btf.memberOffset('nf_conn', 'status')]).toEqual([4, 12]);
    expect([btf.member('nf_conn', 'status'), btf.structSize('nf_conn')]).toEqual([{ offset: 12, size: 4 }, 16]);
    expect([btf.typeId('struct', 'sk_buff'), btf.typeId('function', 'cast')]).toEqual([2, 3]);
    expect(btf.find('struct', 'nf_conn')).toBe(undefined);
    expect(() => btf.typeId('struct', 'nf_conn')).toThrow('BTF of vmlinux: no struct nf_conn');
  });

  test('nowhere', () => {
    write();
    const btf = readBtf(wanted, { folder, modules: ['absent'] });
    expect(btf.member('nf_conn', 'status')).toBe(undefined);
    expect(() => btf.memberOffset('nf_conn', 'status')).toThrow('BTF of vmlinux: no struct nf_conn');
    expect(() => btf.memberOffset('sk_buff', 'len')).toThrow('BTF of vmlinux: no member len in struct sk_buff');
    expect(() => btf.typeId('function', 'nothing')).toThrow('BTF of vmlinux: no function nothing');
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
    btf = readBtf({
      structs: ['sk_buff', 'net_device', 'dst_entry', 'nf_hook_state'],
      functions: ['bpf_cast_to_kern_ctx', 'bpf_rdonly_cast'],
    });
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
  ])('%s.%s is %i bytes and within', (struct, path, size) => {
    const member = btf.member(struct, path);
    expect(member?.size).toBe(size);
    expect((member?.offset ?? Number.NaN) + size).toBeLessThanOrEqual(btf.structSize(struct) ?? 0);
  });

  test('pkt_type is a bit field', () => {
    expect(btf.member('sk_buff', 'pkt_type')).toMatchObject({ size: 1, bits: { width: 3 } });
  });

  /** What a program returns that starts with r1 = the packet's sk_buff. */
  function run(...instructions: Buffer[]): number {
    const kernelCall = (name: string): Buffer => instruction(0x85, 0x20, 0, btf.typeId('function', name));
    const program = loadProgram({
      type: BPF_PROG_TYPE_SOCKET_FILTER,
      instructions: Buffer.concat([
        kernelCall('bpf_cast_to_kern_ctx'),
        instruction(0xbf, 0x01), // r1 = r0
        instruction(0xb7, 2, 0, btf.typeId('struct', 'sk_buff')),
        kernelCall('bpf_rdonly_cast'),
        instruction(0xbf, 0x01),
        ...instructions,
        exit,
      ]),
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
  const load32 = (struct: string, path: string): Buffer => instruction(0x61, 0x10, btf.memberOffset(struct, path));

  test('a program finds there what the packet has', () => {
    expect(run(load32('sk_buff', 'len'))).toBe(22);
    expect(run(load32('sk_buff', 'data_len'))).toBe(0);
    expect(run(load32('sk_buff', 'mark'))).toBe(0x1234);
  });

  test('and its device: a test run is on lo, whose index is 1', () => {
    const device = instruction(0x79, 0x11, btf.memberOffset('sk_buff', 'dev')); // r1 = *(u64 *)(r1 + dev)
    expect(run(device, load32('net_device', 'ifindex'))).toBe(1);
    expect(run(device, load32('net_device', 'name'))).toBe(Buffer.from('lo\0\0').readUInt32LE());
  });
});
