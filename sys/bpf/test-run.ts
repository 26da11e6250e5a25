import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../fail.ts';
import { addressOf, lastErrno } from '../koffi.ts';
import { bpfQuiet } from './bpf-call.ts';

const test = {
  prog_fd: 0,
  retval: 4,
  data_size_in: 8,
  data_size_out: 12,
  data_in: 16,
  data_out: 24,
  repeat: 32,
  duration: 36,
  ctx_size_in: 40,
  ctx_in: 48,
  size: 64,
};

/** sizeof(struct __sk_buff), include/uapi/linux/bpf.h: the context of a socket filter, whole. */
export const SK_BUFF_CONTEXT_SIZE = 192;

export interface TestPacket {
  /**
   * The packet. Of a socket filter: with 14 bytes of Ethernet header, and the program sees it from the IP
   * header on. Of a netfilter program: from the IP header on, unless there is a context.
   */
  readonly data: Uint8Array;
  /** How often to run; 1 unless given. The packet isn't restored in between. */
  readonly repeat?: number;
  /**
   * What the program finds about the packet: struct __sk_buff (a socket filter; its start does) or
   * nf_hook_state (a netfilter program).
   */
  readonly context?: Uint8Array;
  /**
   * Room for the packet as the program left it, bytes: it comes back as `dataOut` (ENOSPC: not enough). Of a
   * socket filter the kernel gives it with an Ethernet header of zeroes; of a netfilter program, not at all.
   */
  readonly room?: number;
}

export interface TestResult {
  /** What the last run returned. */
  readonly retval: number;
  /** Of one run, on average. */
  readonly durationNs: number;
  readonly dataOut?: Uint8Array;
}

/** Runs a program on a packet that exists only for it. EINVAL: data or context that its type doesn't take. */
export function testRun(program: number, packet: TestPacket): TestResult {
  const { data, context } = packet;
  const out = packet.room === undefined ? undefined : new Uint8Array(packet.room);
  const attr = Buffer.alloc(test.size);
  for (;;) {
    attr.fill(0); // the kernel writes into it
    attr.writeInt32LE(program, test.prog_fd);
    attr.writeUInt32LE(data.length, test.data_size_in);
    attr.writeBigUInt64LE(addressOf(data), test.data_in);
    attr.writeUInt32LE(packet.repeat ?? 1, test.repeat);
    if (out !== undefined) {
      attr.writeUInt32LE(out.length, test.data_size_out);
      attr.writeBigUInt64LE(addressOf(out), test.data_out);
    }
    if (context !== undefined) {
      attr.writeUInt32LE(context.length, test.ctx_size_in);
      attr.writeBigUInt64LE(addressOf(context), test.ctx_in);
    }
    if (bpfQuiet('BPF_PROG_TEST_RUN', attr) >= 0) {
      const result = { retval: attr.readUInt32LE(test.retval), durationNs: attr.readUInt32LE(test.duration) };
      return out === undefined
        ? result
        : { ...result, dataOut: out.subarray(0, attr.readUInt32LE(test.data_size_out)) };
    }
    const error = lastErrno();
    if (error !== errno.EINTR) {
      throw syscallError('bpf', error, `BPF_PROG_TEST_RUN, fd ${program}, ${data.length} bytes`);
    }
  }
}
