import { cString } from './c-string.ts';
import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const memfd_create = cFunction('memfd_create', ['void *', 'uint']);
const fcntl = cFunction('fcntl', ['int', 'int', 'int64_t']);

/** include/uapi/linux/memfd.h */
export const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;

const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE: nothing can change any more. */
const ALL_SEALS = 0xf;

/** A new anonymous file in memory; `name` shows in /proc/PID/fd only. Returns the descriptor. */
export function memfdCreate(name: string, flags = MFD_CLOEXEC | MFD_ALLOW_SEALING): number {
  return check(memfd_create()(cString(name, 'memfd_create'), flags), 'memfd_create', name);
}

/** Makes a memfd's size and bytes final, for every holder and for good. EBUSY while mapped for writing. */
export function sealMemfd(fd: number): void {
  check(fcntl()(fd, F_ADD_SEALS, ALL_SEALS), 'fcntl', `F_ADD_SEALS, fd ${fd}`);
}
