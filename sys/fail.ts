import { asErrno, errno, errnoName } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { lastErrno } from './koffi.ts';

/** The error for a failed call: `pidfd_open: ESRCH (pid 12)`. `value` is the errno. */
export function syscallError(call: string, value: number, detail?: string): BpfilterError {
  const about = detail === undefined ? '' : ` (${detail})`;
  return new BpfilterError('syscall', `${call}: ${errnoName(value)}${about}`, {
    errno: asErrno(value),
    call,
  });
}

/** The same for a call that Node made: its errors carry the errno, negative. */
export function nodeCallError(call: string, error: unknown, detail: string): BpfilterError {
  const value = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : errno.EIO;
  return syscallError(call, value, detail);
}

/** Throws the error for the call that has just failed on this thread. */
export function fail(call: string, detail?: string): never {
  throw syscallError(call, lastErrno(), detail);
}

/** Passes a result through, or throws when it is -1. Not for hot paths: `detail` is built before. */
export function check(result: number, call: string, detail?: string): number {
  return result < 0 ? fail(call, detail) : result;
}
