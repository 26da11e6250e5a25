import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { pidfdGetfd } from '../../sys/pidfd.ts';
import { AF_INET, AF_INET6, SOCK_RAW } from '../../sys/socket.ts';
import { getsockoptInt, getsockoptU64, SO_NETNS_COOKIE, SOL_SOCKET } from '../../sys/socket-option.ts';
import type { Caller } from './caller.ts';

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
 * @throws 'no-such-option' for a caller this shim has no right over: its rules must not slip into the kernel's own ip_tables
 */
export function openCallerSocket(caller: Caller, fd: number): CallerSocket | undefined {
  let copy: number | undefined;
  try {
    copy = pidfdGetfd(caller.pidfd, fd);
    const domain = getsockoptInt(copy, SOL_SOCKET, SO_DOMAIN);
    const served = domain === AF_INET || (domain === AF_INET6 && getsockoptInt(copy, SOL_SOCKET, SO_TYPE) !== SOCK_RAW);
    if (!served) return undefined;
    const socket = { fd: copy, cookie: getsockoptU64(copy, SOL_SOCKET, SO_NETNS_COOKIE) };
    copy = undefined;
    return socket;
  } catch (error) {
    if (!(error instanceof BpfilterError && error.code === 'syscall')) throw error;
    if (error.errno !== errno.EPERM) return undefined;
    throw new BpfilterError(
      'no-such-option',
      `the sockets of ${caller.tid} can't be reached: it is out of this shim's rights`,
      {
        cause: error,
      },
    );
  } finally {
    if (copy !== undefined) closeFd(copy);
  }
}
