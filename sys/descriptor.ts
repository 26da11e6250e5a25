import { errno } from '../protocol/errno.ts';
import { check, fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const fcntl = cFunction('fcntl', ['int', 'int', 'int64_t']);
const close = cFunction('close', ['int']);
const cDup2 = cFunction('dup2', ['int', 'int']);

/** include/uapi/asm-generic/fcntl.h */
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;

/** Sets or clears O_NONBLOCK. It belongs to the open file: every duplicate of `fd` sees it. */
export function setNonblock(fd: number, on: boolean): void {
  const flags = check(fcntl()(fd, F_GETFL, 0), 'fcntl', `F_GETFL, fd ${fd}`);
  const wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted !== flags) check(fcntl()(fd, F_SETFL, wanted), 'fcntl', `F_SETFL, fd ${fd}`);
}

/** Sets or clears close-on-exec of this one descriptor. */
export function setCloexec(fd: number, on: boolean): void {
  const flags = check(fcntl()(fd, F_GETFD, 0), 'fcntl', `F_GETFD, fd ${fd}`);
  const wanted = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
  if (wanted !== flags) check(fcntl()(fd, F_SETFD, wanted), 'fcntl', `F_SETFD, fd ${fd}`);
}

/** Makes `newFd` the open file of `oldFd`, closing what it was; it survives exec. */
export function dup2(oldFd: number, newFd: number): void {
  check(cDup2()(oldFd, newFd), 'dup2', `fd ${oldFd} to ${newFd}`);
}

/** A duplicate of `fd` that closes on exec; never 0, 1 or 2. Returns the new descriptor. */
export function dupCloexec(fd: number): number {
  return check(fcntl()(fd, F_DUPFD_CLOEXEC, 3), 'fcntl', `F_DUPFD_CLOEXEC, fd ${fd}`);
}

/**
 * Closes a descriptor that a function of sys/ made. What `node:fs` opened must be closed there, and
 * the reverse: in a Worker, Node keeps account of its own descriptors, closes those left when the
 * Worker ends, and warns of strange ones.
 */
export function closeFd(fd: number): void {
  // EINTR closes as well: trying again could hit another thread's new descriptor.
  if (close()(fd) !== 0 && lastErrno() !== errno.EINTR) fail('close', `fd ${fd}`);
}
