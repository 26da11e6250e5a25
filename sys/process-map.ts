import { errno } from '../protocol/errno.ts';
import { fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);

/** struct procmap_query (include/uapi/linux/fs.h, Linux 6.11), 104 bytes; PROCMAP_QUERY = _IOWR('f', 17, …) */
const QUERY_SIZE = 104;
const PROCMAP_QUERY = 0xc0686611;
const at = { size: 0, query_flags: 8, query_addr: 16, vma_end: 32, vma_flags: 40 } as const;

/** PROCMAP_QUERY_VMA_READABLE, PROCMAP_QUERY_VMA_WRITABLE */
export const MAP_READABLE = 1;
export const MAP_WRITABLE = 2;

/** PROCMAP_QUERY_COVERING_OR_NEXT_VMA */
const COVERING_OR_NEXT = 0x10;

const query = Buffer.alloc(QUERY_SIZE);

/**
 * Whether the address space behind an open /proc/PID/maps is still in use: it isn't once its
 * process has ended or executed another program. `undefined` where the kernel can't tell (before 6.11).
 */
export function addressSpaceInUse(maps: number): boolean | undefined {
  query.fill(0);
  query.writeUInt32LE(QUERY_SIZE, at.size);
  query.writeUInt32LE(COVERING_OR_NEXT, at.query_flags);
  if (ioctl()(maps, PROCMAP_QUERY, query) >= 0) return true;
  return lastErrno() === errno.ESRCH ? false : undefined;
}

/**
 * How many bytes from `address` on, `length` at most, another process may access in all the ways of
 * `access` (MAP_* bits). /proc/PID/mem itself doesn't ask: it reads and writes what the process can't.
 *
 * @param maps an open /proc/PID/maps
 * @returns `length` too where the kernel can't tell (before 6.11)
 */
export function accessibleBytes(maps: number, address: number, length: number, access: number): number {
  let reached = address;
  while (reached < address + length) {
    query.fill(0);
    query.writeUInt32LE(QUERY_SIZE, at.size);
    query.writeBigUInt64LE(BigInt(reached), at.query_addr);
    if (ioctl()(maps, PROCMAP_QUERY, query) < 0) {
      const error = lastErrno();
      if (error === errno.ENOTTY || error === errno.EINVAL) return length;
      if (error === errno.ENOENT || error === errno.ESRCH) break;
      fail('ioctl', 'PROCMAP_QUERY');
    }
    if ((query.readUInt32LE(at.vma_flags) & access) !== access) break;
    reached = Number(query.readBigUInt64LE(at.vma_end));
  }
  return Math.min(reached - address, length);
}
