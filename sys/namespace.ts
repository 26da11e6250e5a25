import { errno } from '../protocol/errno.ts';
import { closeFd } from './descriptor.ts';
import { check, fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';
import { AF_NETLINK, SOCK_CLOEXEC, SOCK_DGRAM, socket } from './socket.ts';
import { getsockoptU64, SO_NETNS_COOKIE, SOL_SOCKET } from './socket-option.ts';

const cSetns = cFunction('setns', ['int', 'int']);
const cUnshare = cFunction('unshare', ['int']);
const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);

/** include/uapi/linux/sched.h */
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWNET = 0x40000000;
/** include/uapi/linux/nsfs.h */
const NS_GET_USERNS = 0xb701;
const NS_GET_PARENT = 0xb702;
const NS_GET_OWNER_UID = 0xb704;

/** The cookie of the calling thread's network namespace: never used again until reboot (Linux 5.14). */
export function netnsCookie(): bigint {
  // which a confined driver may make, too
  const fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    return getsockoptU64(fd, SOL_SOCKET, SO_NETNS_COOKIE);
  } finally {
    closeFd(fd);
  }
}

/**
 * Moves the calling thread, and it alone, into a namespace. `nstype` is the CLONE_NEW* that `fd`
 * must be (0: any). A user namespace refuses a process of several threads (EINVAL), as Node is.
 */
export function setns(fd: number, nstype: number): void {
  check(cSetns()(fd, nstype), 'setns', `fd ${fd}`);
}

/** New namespaces (CLONE_NEW* bits) for the calling thread alone; CLONE_NEWUSER as in `setns`. */
export function unshare(flags: number): void {
  check(cUnshare()(flags), 'unshare', `flags 0x${flags.toString(16)}`);
}

/** The user namespace that owns a namespace, as a descriptor closed on exec. EPERM: it is outside ours. */
export function nsUserns(nsFd: number): number {
  return check(ioctl()(nsFd, NS_GET_USERNS, null), 'ioctl', `NS_GET_USERNS, fd ${nsFd}`);
}

/** The parent of a user or pid namespace; undefined when it has none or it is outside ours. */
export function nsParent(nsFd: number): number | undefined {
  const fd = ioctl()(nsFd, NS_GET_PARENT, null);
  if (fd >= 0) return fd;
  return lastErrno() === errno.EPERM ? undefined : fail('ioctl', `NS_GET_PARENT, fd ${nsFd}`);
}

/** The user that made a user namespace, as numbered in our user namespace (65534: not mapped). */
export function nsOwnerUid(nsFd: number): number {
  const uid = Buffer.alloc(4);
  check(ioctl()(nsFd, NS_GET_OWNER_UID, uid), 'ioctl', `NS_GET_OWNER_UID, fd ${nsFd}`);
  return uid.readUInt32LE(0);
}
