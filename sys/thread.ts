import fs from 'node:fs';
import { errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { commonNr } from './arch.ts';
import { check, fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'int64_t', 'int64_t', 'int64_t']);
const capget = cFunction('capget', ['void *', 'void *']);

const PIDFD_THREAD = 0o200; // O_EXCL, include/uapi/linux/pidfd.h, Linux 6.9
const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

/**
 * A descriptor that refers to a thread, or, on kernels before 6.9, to the process it belongs to:
 * their descriptor table is the same. ESRCH: no such thread.
 */
export function pidfdOpenThread(tid: number): number {
  const result = syscall()(commonNr.pidfdOpen, tid, PIDFD_THREAD, 0, 0);
  if (result >= 0) return result;
  if (lastErrno() !== errno.EINVAL) fail('pidfd_open', `thread ${tid}`);
  return check(syscall()(commonNr.pidfdOpen, threadGroup(tid), 0, 0, 0), 'pidfd_open', `pid of thread ${tid}`);
}

function threadGroup(tid: number): number {
  const found = /^Tgid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${tid}/status`, 'latin1'))?.[1];
  if (found === undefined) throw new BpfilterError('syscall', `/proc/${tid}/status: no line Tgid`, { call: 'read' });
  return Number(found);
}

// struct __user_cap_header_struct {version u32, pid int}; __user_cap_data_struct[2] {effective, permitted, inheritable}
const header = Buffer.alloc(8);
const data = Buffer.alloc(24);

/** The effective capabilities of a thread (capget(2)), a bit each; they count in that thread's user namespace. */
export function effectiveCaps(tid: number): bigint {
  header.writeUInt32LE(_LINUX_CAPABILITY_VERSION_3, 0);
  header.writeInt32LE(tid, 4);
  check(capget()(header, data), 'capget', `thread ${tid}`);
  return (BigInt(data.readUInt32LE(12)) << 32n) | BigInt(data.readUInt32LE(0));
}
