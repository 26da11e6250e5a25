/**
 * Linux errno numbers that cross a boundary of ours, from
 * include/uapi/asm-generic/errno-base.h and errno.h (the same on x86-64 and arm64).
 */
export type Errno = number & { readonly __errno: unique symbol };

const table = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  EDOM: 33,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
  ERESTART: 85,
  ENOTSOCK: 88,
  EMSGSIZE: 90,
  EPROTOTYPE: 91,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
} as const;

export type ErrnoName = keyof typeof table;

/** errno numbers by name: `errno.EINVAL` is 22. */
export const errno = table as unknown as Readonly<Record<ErrnoName, Errno>>;

const names = new Map<number, string>(Object.entries(table).map(([name, value]) => [value, name]));

/** A number that the kernel or another process gave as an errno, ours or not. */
export function asErrno(value: number): Errno {
  return value as Errno;
}

/** The name of an errno number, e.g. 22 → "EINVAL"; "errno N" when it is none of ours. */
export function errnoName(value: number): string {
  return names.get(value) ?? `errno ${value}`;
}
