import { errno } from '../protocol/errno.ts';
import { arch } from './arch.ts';
import { setNoNewPrivs } from './capability.ts';
import { syscallError } from './fail.ts';
import { addressOf, cFunction, lastErrno } from './koffi.ts';

const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'int64_t', 'void *']);

/** include/uapi/linux/seccomp.h */
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;
const SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32;
/** struct sock_filter; struct sock_fprog: u16 count of instructions @0, pointer @8. */
const INSTRUCTION_SIZE = 8;
const PROGRAM_SIZE = 16;
const BPF_MAXINSNS = 4096;

/** A sock_fprog with its instructions behind it, in one buffer that the call keeps alive. */
function program(filter: Uint8Array): Buffer {
  const count = filter.length / INSTRUCTION_SIZE;
  if (!Number.isInteger(count) || count === 0 || count > BPF_MAXINSNS) {
    throw syscallError('seccomp', errno.EINVAL, `filter of ${filter.length} bytes`);
  }
  const bytes = Buffer.alloc(PROGRAM_SIZE + filter.length);
  bytes.writeUInt16LE(count, 0);
  bytes.writeBigUInt64LE(addressOf(bytes) + BigInt(PROGRAM_SIZE), 8);
  bytes.set(filter, PROGRAM_SIZE);
  return bytes;
}

function setFilter(bytes: Buffer, flags: number): number {
  return syscall()(arch().nr.seccomp, SECCOMP_SET_MODE_FILTER, flags, bytes);
}

/**
 * Puts a filter (struct sock_filter[]) on the calling thread and all it starts from now on, for
 * good; returns the listener (closed on exec) that gets its notifications. EBUSY: the thread has
 * a filter with a listener already, and there can't be a second. EACCES: neither CAP_SYS_ADMIN nor
 * no_new_privs.
 *
 * `waitKillable`: once a call is received, only a fatal signal interrupts its caller (Linux 5.19; an older
 * kernel goes without). `noNewPrivs`: sets no_new_privs before, which an ordinary user must.
 */
export function installListener(
  filter: Uint8Array,
  options: { readonly waitKillable: boolean; readonly noNewPrivs: boolean },
): number {
  const bytes = program(filter);
  if (options.noNewPrivs) setNoNewPrivs();
  const plain = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const wanted = options.waitKillable ? plain | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : plain;
  let listener = setFilter(bytes, wanted);
  if (listener < 0 && wanted !== plain && lastErrno() === errno.EINVAL) {
    listener = setFilter(bytes, plain);
  }
  if (listener < 0) throw syscallError('seccomp', lastErrno(), 'NEW_LISTENER');
  return listener;
}

/**
 * Puts a filter without notifications on the calling thread, or on all of the process; errors as
 * `installListener`, but no EBUSY, and ESRCH for a thread whose own filters stand in the way.
 */
export function installFilter(
  filter: Uint8Array,
  options: { readonly noNewPrivs: boolean; readonly everyThread?: boolean },
): void {
  const bytes = program(filter);
  if (options.noNewPrivs) setNoNewPrivs();
  const result = setFilter(bytes, options.everyThread === true ? SECCOMP_FILTER_FLAG_TSYNC : 0);
  if (result < 0) throw syscallError('seccomp', lastErrno());
  if (result > 0) throw syscallError('seccomp', errno.ESRCH, `thread ${result} has filters of its own`);
}
