import { readSync, writeSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';

/** The memory of the process that made the request. */
export interface CallerMemory {
  /** Which request of the shim's it came with (protocol/memory-note.ts). */
  readonly sequence: bigint;
  /** Fills `into` from `address`. Throws `fault`, or `caller-gone` when the process is dead. */
  read(address: number, into: Uint8Array): void;
  /** Writes all of `bytes` at `address`. Throws as `read`. */
  write(address: number, bytes: Uint8Array): void;
}

/** The range of the caller's memory that a request names. */
export interface NamedRange {
  readonly address: number;
  readonly length: number;
}

/** What the caller itself may do with the named range: so many bytes from its start. */
export interface AllowedRange extends NamedRange {
  readonly readable: number;
  readonly writable: number;
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

/**
 * The memory behind an open /proc/PID/mem, which pins one address space: never another process's.
 * That file asks for no page protection; within `allowed` the caller's own rights count, as they do
 * for the kernel's copy_from_user and copy_to_user.
 */
export function openMemory(descriptor: number, allowed?: AllowedRange, sequence = 0n): CallerMemory {
  const check = (what: 'read' | 'write', address: number, length: number) => {
    if (allowed === undefined || address < allowed.address || address >= allowed.address + allowed.length) return;
    const end = allowed.address + (what === 'read' ? allowed.readable : allowed.writable);
    if (address + length > end) throw fault(what, address, length);
  };
  return {
    sequence,
    read(address, into) {
      check('read', address, into.length);
      transferAll('read', readSync, descriptor, address, into);
    },
    write(address, bytes) {
      check('write', address, bytes.length);
      transferAll('write', writeSync, descriptor, address, bytes);
    },
  };
}
