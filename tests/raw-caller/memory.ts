import koffi from 'koffi';

const libc = koffi.load(null);
const mmap = libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)');
const mprotect = libc.func('int mprotect(void *address, size_t length, int protection)');

const protection = { none: 0, read: 1, readWrite: 3 } as const;
const mapPrivateAnonymous = 0x22;
const pageSize = 4096;

/** A stretch of real memory whose last byte lies right before an unreadable page. */
export interface GuardedBuffer {
  readonly address: bigint;
  bytes(): Uint8Array;
}

/** Maps `length` bytes that end at a guard page. They are never unmapped: the caller is short-lived. */
export function guardedBuffer(length: number, contents?: Uint8Array, readOnly = false): GuardedBuffer {
  const pages = Math.ceil(length / pageSize);
  const base = koffi.address(mmap(null, (pages + 1) * pageSize, protection.readWrite, mapPrivateAnonymous, -1, 0));
  mprotect(base + BigInt(pages * pageSize), pageSize, protection.none);
  const address = base + BigInt(pages * pageSize - length);
  const bytes = (): Uint8Array => (length === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(address, length)));
  if (contents !== undefined && length > 0) bytes().set(contents);
  if (readOnly) mprotect(base, pages * pageSize, protection.read);
  return { address, bytes };
}

/** An address that is mapped nowhere and that a process can't map (below vm.mmap_min_addr). */
export const unmappedAddress = 0x10n;
