import { fail } from './fail.ts';
import { cFunction, viewOf } from './koffi.ts';

const mmap = cFunction('mmap', ['void *', 'ulong', 'int', 'int', 'int', 'int64_t'], 'int64_t');
const munmap = cFunction('munmap', ['void *', 'ulong']);

/** include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;

/** Memory that is shared with a file, a BPF map or another process. */
export interface SharedMapping {
  /**
   * The memory itself. Others write to it at any time; an aligned element of a typed array is read and
   * written in one piece, and `Atomics` works on it. A write to what was mapped for reading only kills the process.
   */
  readonly bytes: ArrayBuffer;
  /** Gives the memory back. Whoever touches `bytes` afterwards is killed (SIGSEGV): drop every view of it before. */
  unmap(): void;
}

/**
 * Maps the first `length` bytes of an open file, or of a BPF map made with BPF_F_MMAPABLE; it holds on
 * when the descriptor is closed. EINVAL: length 0, or past a BPF map's last page. EPERM or ENOTSUPP: a map that can't be mapped.
 */
export function mapShared(fd: number, length: number, options: { readonly writable: boolean }): SharedMapping {
  const address = map(fd, length, options.writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED);
  let mapped = true;
  return {
    bytes: viewOf(address, length),
    unmap() {
      // A second munmap could take away what somebody else has mapped there since.
      if (mapped && munmap()(address, length) !== 0) fail('munmap', `${length} bytes`);
      mapped = false;
    },
  };
}

/**
 * The first `length` bytes of an open file, for reading and as long as the process lives: for files that
 * don't change, such as the kernel's tables, some of which can't be mapped shared.
 */
export function mapForGood(fd: number, length: number): ArrayBuffer {
  return viewOf(map(fd, length, PROT_READ, MAP_PRIVATE), length);
}

function map(fd: number, length: number, protection: number, flags: number): bigint {
  const address = mmap()(null, length, protection, flags, fd, 0);
  return address === -1 ? fail('mmap', `${length} bytes of fd ${fd}`) : BigInt(address);
}
