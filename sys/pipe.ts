import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const cPipe2 = cFunction('pipe2', ['void *', 'int']);
const fcntl = cFunction('fcntl', ['int', 'int', 'int64_t']);

const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;

/** The two ends of a true pipe (child_process's 'pipe' is a socket pair). Both close on exec. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** A new pipe, both ends closed on exec. */
export function pipe2(): Pipe {
  const ends = Buffer.alloc(8);
  check(cPipe2()(ends, O_CLOEXEC), 'pipe2');
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

/**
 * Asks for a pipe buffer of at least `bytes`; returns what the kernel gave (a power of two of
 * pages). EPERM above /proc/sys/fs/pipe-max-size without CAP_SYS_RESOURCE; EBUSY when the
 * pipe holds more than fits.
 */
export function setPipeSize(fd: number, bytes: number): number {
  return check(fcntl()(fd, F_SETPIPE_SZ, bytes), 'fcntl', `F_SETPIPE_SZ ${bytes}, fd ${fd}`);
}
