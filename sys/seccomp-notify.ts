import { errno } from '../protocol/errno.ts';
import { fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);
const ioctlNumber = cFunction('ioctl', ['int', 'ulong', 'int64_t']);

/** include/uapi/linux/seccomp.h */
const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102;
const SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103;
const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104;
const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;

/** sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp) */
export const NOTIF_SIZE = 80;
export const NOTIF_RESP_SIZE = 24;
/** For `notifAddfd`: answers the call with the new descriptor in the same step (Linux 5.14). */
export const ADDFD_SEND = 2;

const idWords = new BigUint64Array(1);
const idBytes = Buffer.from(idWords.buffer);
/** struct seccomp_notif_addfd: id u64 @0, flags u32 @8, srcfd @12, newfd @16, newfd_flags @20. */
const addfd = Buffer.alloc(24);

/** An ioctl about one call: false when its caller is gone (ENOENT). */
function request(listener: number, number: number, bytes: Uint8Array, name: string): boolean {
  while (ioctl()(listener, number, bytes) < 0) {
    const error = lastErrno();
    if (error === errno.ENOENT) return false;
    if (error !== errno.EINTR) fail('ioctl', name);
  }
  return true;
}

/**
 * Takes the next notification into `notif` (NOTIF_SIZE bytes); waits for one, so poll first. False
 * when its caller died in the meantime.
 */
export function notifReceive(listener: number, notif: Buffer): boolean {
  notif.fill(0); // the kernel insists (EINVAL)
  return request(listener, SECCOMP_IOCTL_NOTIF_RECV, notif, 'SECCOMP_IOCTL_NOTIF_RECV');
}

/**
 * Answers a call with `response` (NOTIF_RESP_SIZE bytes); false when its caller is gone. A second
 * answer throws (EINPROGRESS) or is false, by how far the caller has come.
 */
export function notifSend(listener: number, response: Buffer): boolean {
  return request(listener, SECCOMP_IOCTL_NOTIF_SEND, response, 'SECCOMP_IOCTL_NOTIF_SEND');
}

/**
 * Whether a received call still waits for its answer. `id` is the number, or (without a bigint to
 * allocate) a buffer that starts with it, such as the notification itself.
 */
export function notifIdValid(listener: number, id: Buffer | bigint): boolean {
  let bytes: Buffer = idBytes;
  if (typeof id === 'bigint') idWords[0] = id;
  else bytes = id;
  return request(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, bytes, 'SECCOMP_IOCTL_NOTIF_ID_VALID');
}

/**
 * Installs a copy of our descriptor `srcFd` in the caller, at its lowest free number (returned).
 * `flags` ADDFD_SEND: the call returns that number, and no `notifSend` must follow. `newfdFlags`:
 * O_CLOEXEC or 0. ENOENT: the caller is gone.
 */
export function notifAddfd(
  listener: number,
  options: {
    readonly id: bigint;
    readonly srcFd: number;
    readonly flags: number;
    readonly newfdFlags: number;
  },
): number {
  addfd.writeBigUInt64LE(options.id, 0);
  addfd.writeUInt32LE(options.flags, 8);
  addfd.writeUInt32LE(options.srcFd, 12);
  addfd.writeUInt32LE(0, 16);
  addfd.writeUInt32LE(options.newfdFlags, 20);
  for (;;) {
    const fd = ioctl()(listener, SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
    if (fd >= 0) return fd;
    if (lastErrno() !== errno.EINTR) fail('ioctl', 'SECCOMP_IOCTL_NOTIF_ADDFD');
  }
}

/**
 * Lets caller and server hand over one CPU to each other: a third of the latency when the server
 * polls, receives and answers on one thread. False where the kernel is older than 6.6.
 */
export function notifSetSyncWakeUp(listener: number): boolean {
  const number = SECCOMP_IOCTL_NOTIF_SET_FLAGS;
  if (ioctlNumber()(listener, number, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) === 0) return true;
  return lastErrno() === errno.EINVAL ? false : fail('ioctl', 'SECCOMP_IOCTL_NOTIF_SET_FLAGS');
}
