import { errno } from '../protocol/errno.ts';
import { fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const flock = cFunction('flock', ['int', 'int']);

/** include/uapi/asm-generic/fcntl.h */
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/**
 * Takes the exclusive lock of an open file without waiting; false when another open file holds it.
 * The lock belongs to the open file: duplicates, children that inherit it included, hold it as
 * well, and it goes with the last of them or with `unlock` on any.
 */
export function tryLock(fd: number): boolean {
  if (flock()(fd, LOCK_EX | LOCK_NB) === 0) return true;
  return lastErrno() === errno.EAGAIN ? false : fail('flock', `fd ${fd}`);
}

/** Gives a lock back that `tryLock` took. */
export function unlock(fd: number): void {
  if (flock()(fd, LOCK_UN) !== 0) fail('flock', `LOCK_UN, fd ${fd}`);
}
