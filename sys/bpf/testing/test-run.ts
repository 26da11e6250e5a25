import { errno } from '../../../protocol/errno.ts';
import { syscallError } from '../../fail.ts';
import { addressOf, lastErrno } from '../../koffi.ts';
import { bpfQuiet } from '../bpf-call.ts';

const test = {
  prog_fd: 0,
  retval: 4,
  data_size_in: 8,
  data_in: 16,
  repeat: 32,
  duration: 36,
  ctx_size_in: 40,
  ctx_in: 48,
  size: 64,
};

/** sizeof(struct __sk_buff), include/uapi/linux/bpf.h: the context of a socket filter, whole. */
export const SK_BUFF_CONTEXT_SIZE = 192;

export interface TestPacket {
  /** The packet with 14 bytes of Ethernet header; a socket filter sees it from the IP header on. */
  readonly data: Uint8Array;
  /** How often to run; 1 unless given. The packet isn't restored in between. */
  readonly repeat?: number;
  /** What the program finds about the packet: struct __sk_buff; its start does. */
  readonly context?: Uint8Array;
}

export interface TestResult {
  /** What the last run returned. */
  readonly retval: number;
  /** Of one run, on average. */
  readonly durationNs: number;
}

/** Runs a program on a packet that exists only for it. EINVAL: data or context that its type doesn't take. */
export function testRun(program: number, packet: TestPacket): TestResult {
  const { data, context } = packet;
  const attr = Buffer.alloc(test.size);
  for (;;) {
    attr.fill(0); // the kernel writes into it
    attr.writeInt32LE(program, test.prog_fd);
    attr.writeUInt32LE(data.length, test.data_size_in);
    attr.writeBigUInt64LE(addressOf(data), test.data_in);
    attr.writeUInt32LE(packet.repeat ?? 1, test.repeat);
    if (context !== undefined) {
      attr.writeUInt32LE(context.length, test.ctx_size_in);
      attr.writeBigUInt64LE(addressOf(context), test.ctx_in);
    }
    if (bpfQuiet('BPF_PROG_TEST_RUN', attr) >= 0) {
      return { retval: attr.readUInt32LE(test.retval), durationNs: attr.readUInt32LE(test.duration) };
    }
    const error = lastErrno();
    if (error !== errno.EINTR) {
      throw syscallError('bpf', error, `BPF_PROG_TEST_RUN, fd ${program}, ${data.length} bytes`);
    }
  }
}
