import { readSync, writeSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';

/** The memory of the process that made the request. */
export interface CallerMemory {
  /** Fills `into` from `address`. Throws `fault`, or `caller-gone` when the process is dead. */
  read(address: number, into: Uint8Array): void;
  /** Writes all of `bytes` at `address`. Throws as `read`. */
  write(address: number, bytes: Uint8Array): void;
}

type Transfer = (descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number) => number;

function fault(what: string, address: number, length: number, cause?: unknown): BpfilterError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const where = `${what} ${length} bytes at 0x${address.toString(16)} of the caller`;
  // /proc/PID/mem answers EIO for what isn't mapped.
  if (code === 'ESRCH') return new BpfilterError('caller-gone', `${where}: it is gone`, { cause });
  return new BpfilterError('fault', `${where}: ${code ?? 'no bytes'}`, { cause });
}

function transferAll(what: string, transfer: Transfer, descriptor: number, address: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    let moved: number;
    try {
      moved = transfer(descriptor, bytes, done, bytes.length - done, address + done);
    } catch (error) {
      throw fault(what, address, bytes.length, error);
    }
    if (moved === 0) {
      // The kernel's mem_rw gives 0 bytes once the address space is gone (fs/proc/base.c).
      throw new BpfilterError('caller-gone', `${what} ${bytes.length} bytes of the caller: its memory is gone`);
    }
    done += moved;
  }
}

/** The memory behind an open /proc/PID/mem, which pins one address space: never another process's. */
export function openMemory(descriptor: number): CallerMemory {
  return {
    read: (address, into) => transferAll('read', readSync, descriptor, address, into),
    write: (address, bytes) => transferAll('write', writeSync, descriptor, address, bytes),
  };
}
