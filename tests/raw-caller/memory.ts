import koffi from 'koffi';

const libc = koffi.load(null);
const mmap = libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)');
const munmap = libc.func('int munmap(void *address, size_t length)');
const mprotect = libc.func('int mprotect(void *address, size_t length, int protection)');

const protection = { none: 0, read: 1, readWrite: 3 } as const;
const mapPrivateAnonymous = 0x22;
const pageSize = 4096;

/** What lies behind a buffer: nothing, or a page that is there but may not be touched (PROT_NONE). */
export type Guard = 'unmapped' | 'protected';

/** A stretch of real memory whose last byte lies right before its guard. */
export interface GuardedBuffer {
  readonly address: bigint;
  bytes(): Uint8Array;
}

export interface BufferOptions {
  readonly guard?: Guard | undefined;
  readonly readOnly?: boolean | undefined;
}

/** Maps `length` bytes in front of a guard. They are never unmapped: the caller is short-lived. */
export function guardedBuffer(length: number, contents?: Uint8Array, options: BufferOptions = {}): GuardedBuffer {
  // At least one page before the guard, so that no later buffer fits into the hole.
  const room = Math.max(1, Math.ceil(length / pageSize)) * pageSize;
  const base = koffi.address(mmap(null, room + pageSize, protection.readWrite, mapPrivateAnonymous, -1, 0));
  const end = base + BigInt(room);
  if (options.guard === 'protected') mprotect(end, pageSize, protection.none);
  else munmap(end, pageSize);
  const address = end - BigInt(length);
  const bytes = (): Uint8Array => (length === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(address, length)));
  if (contents !== undefined && length > 0) bytes().set(contents);
  if (options.readOnly) mprotect(base, room, protection.read);
  return { address, bytes };
}

/** An address that is mapped nowhere and that a process can't map (below vm.mmap_min_addr). */
export const unmappedAddress = 0x10n;
