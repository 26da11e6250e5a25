import { fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const getsockopt = cFunction('getsockopt', ['int', 'int', 'int', 'void *', 'void *']);
const setsockopt = cFunction('setsockopt', ['int', 'int', 'int', 'void *', 'uint']);

/** include/uapi/asm-generic/socket.h */
export const SOL_SOCKET = 1;
export const SO_NETNS_COOKIE = 71;
const SO_PEERCRED = 17;

const value = Buffer.alloc(16);
const length = Buffer.alloc(4);

/** What a socket-option call gave: `errno` is 0 when it succeeded. */
export interface SockoptResult {
  readonly result: number;
  readonly errno: number;
}

/** Reads an option of exactly `bytes` bytes into `value`. */
function read(fd: number, level: number, option: number, bytes: number): void {
  length.writeUInt32LE(bytes, 0);
  value.fill(0);
  if (getsockopt()(fd, level, option, value, length) !== 0) {
    fail('getsockopt', `level ${level}, option ${option}, fd ${fd}`);
  }
}

/** An option that is an int. */
export function getsockoptInt(fd: number, level: number, option: number): number {
  read(fd, level, option, 4);
  return value.readInt32LE(0);
}

/** An option that is a u64. */
export function getsockoptU64(fd: number, level: number, option: number): bigint {
  read(fd, level, option, 8);
  return value.readBigUInt64LE(0);
}

/** Who connected a unix socket, as it was then (struct ucred): nobody can say it of another. */
export interface Peer {
  /** 0 where it can't be seen from this pid namespace. */
  readonly pid: number;
  readonly uid: number;
}

/** The other end of a connected unix socket. */
export function socketPeer(fd: number): Peer {
  read(fd, SOL_SOCKET, SO_PEERCRED, 12);
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4) };
}

/**
 * getsockopt as C has it, without an error: `buffer` is what `optval` points to (null: NULL),
 * `bytes` the value of `*optlen` before and `len` after. `bytes` may lie about the buffer only where the
 * kernel is known not to write.
 */
export function rawGetsockopt(
  fd: number,
  level: number,
  option: number,
  buffer: Buffer | null,
  bytes: number,
): SockoptResult & { readonly len: number } {
  length.writeInt32LE(bytes, 0);
  const result = getsockopt()(fd, level, option, buffer, length);
  const errno = result === 0 ? 0 : lastErrno();
  return { result, errno, len: length.readInt32LE(0) };
}

/** setsockopt likewise; `bytes` is `optlen`. */
export function rawSetsockopt(
  fd: number,
  level: number,
  option: number,
  buffer: Buffer | null,
  bytes: number,
): SockoptResult {
  const result = setsockopt()(fd, level, option, buffer, bytes);
  return { result, errno: result === 0 ? 0 : lastErrno() };
}
