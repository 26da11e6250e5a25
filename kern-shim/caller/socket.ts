import { BpfilterError } from '../../protocol/error.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { pidfdGetfd } from '../../sys/pidfd.ts';
import { AF_INET, AF_INET6, SOCK_RAW } from '../../sys/socket.ts';
import { getsockoptInt, getsockoptU64, SO_NETNS_COOKIE, SOL_SOCKET } from '../../sys/socket-option.ts';
import { pidfdOpenThread } from '../../sys/thread.ts';

const SO_TYPE = 3; // include/uapi/asm-generic/socket.h
const SO_DOMAIN = 39;

/** A duplicate of the socket that a caller asked on, and the network namespace it was made in. */
export interface CallerSocket {
  readonly fd: number;
  readonly cookie: bigint;
}

/**
 * Duplicates the caller's descriptor (pidfd_getfd) and tells whether it is a socket whose IP level
 * options the kernel would serve: any AF_INET socket, and AF_INET6 ones but raw. The namespace that
 * counts is the socket's (sock_net), not the task's.
 *
 * @returns undefined for everything else, which the kernel itself is to answer
 */
export function openCallerSocket(tid: number, fd: number): CallerSocket | undefined {
  let copy: number | undefined;
  try {
    const pidfd = pidfdOpenThread(tid);
    try {
      copy = pidfdGetfd(pidfd, fd);
    } finally {
      closeFd(pidfd);
    }
    const domain = getsockoptInt(copy, SOL_SOCKET, SO_DOMAIN);
    const served = domain === AF_INET || (domain === AF_INET6 && getsockoptInt(copy, SOL_SOCKET, SO_TYPE) !== SOCK_RAW);
    if (served) {
      const socket = { fd: copy, cookie: getsockoptU64(copy, SOL_SOCKET, SO_NETNS_COOKIE) };
      copy = undefined;
      return socket;
    }
    return undefined;
  } catch (error) {
    if (error instanceof BpfilterError && error.code === 'syscall') return undefined;
    throw error;
  } finally {
    if (copy !== undefined) closeFd(copy);
  }
}
