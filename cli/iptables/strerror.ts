import { type ErrnoName, errno, errnoName } from '../../protocol/errno.ts';

/** Where libiptc was when the kernel refused. */
export type Operation = 'init' | 'other';

/** libiptc's own texts for opening a table (libiptc.c, TC_STRERROR). */
const initTexts: Partial<Record<ErrnoName, string>> = {
  EPERM: 'Permission denied (you must be root)',
  EINVAL: 'Module is wrong version',
  ENOENT: 'Table does not exist (do you need to insmod?)',
};

/** libiptc's for everything else, then the C library's (glibc, strerror in the C locale). */
const texts: Partial<Record<ErrnoName, string>> = {
  ENOPROTOOPT: 'iptables who? (do you need to insmod?)',
  ENOSYS: 'Will be implemented real soon.  I promise ;)',
  ENOMEM: 'Memory allocation problem',
  ENOENT: 'No chain/target/match by that name',
  EPERM: 'Operation not permitted',
  ESRCH: 'No such process',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  ECHILD: 'No child processes',
  EAGAIN: 'Resource temporarily unavailable',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  EINVAL: 'Invalid argument',
  ENFILE: 'Too many open files in system',
  EMFILE: 'Too many open files',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  EMLINK: 'Too many links',
  EPIPE: 'Broken pipe',
  ERANGE: 'Numerical result out of range',
  ELOOP: 'Too many levels of symbolic links',
  ENOTSOCK: 'Socket operation on non-socket',
  EMSGSIZE: 'Message too long',
  EPROTOTYPE: 'Protocol wrong type for socket',
  EPROTONOSUPPORT: 'Protocol not supported',
  EOPNOTSUPP: 'Operation not supported',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  ENOBUFS: 'No buffer space available',
  ETIMEDOUT: 'Connection timed out',
};

const byNumber = new Map<number, ErrnoName>(Object.entries(errno).map(([name, value]) => [value, name as ErrnoName]));

/** What iptables says for an errno. */
export function strerror(value: number, operation: Operation): string {
  const name = byNumber.get(value);
  if (name === undefined) return errnoName(value);
  return (operation === 'init' ? initTexts[name] : undefined) ?? texts[name] ?? name;
}
