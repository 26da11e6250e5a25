/**
 * How much of the range that a request names the caller itself could read and write, counted from its start.
 * /proc/PID/mem doesn't ask, the kernel's copy_from_user and copy_to_user do.
 */
export interface MemoryAccess {
  readonly readable: number;
  readonly writable: number;
}

/**
 * The bytes that come with the descriptor of a caller's memory: that, and which request of the shim's it is, since the 24
 * bytes have no room for it, and those of two requests may be alike. Three u64, little-endian.
 */
export interface MemoryNote extends MemoryAccess {
  /** No two requests of a shim have the same one; the replay of a request has that request's. */
  readonly sequence: bigint;
}

export const memoryNoteSize = 24;

/** Writes a note to the first 24 bytes of `bytes`. */
export function encodeMemoryNote(bytes: Buffer, note: MemoryNote): void {
  bytes.writeBigUInt64LE(BigInt(note.readable), 0);
  bytes.writeBigUInt64LE(BigInt(note.writable), 8);
  bytes.writeBigUInt64LE(note.sequence, 16);
}

/** Reads a note from the first 24 bytes of `bytes`. */
export function decodeMemoryNote(bytes: Buffer): MemoryNote {
  return {
    readable: Number(bytes.readBigUInt64LE(0)),
    writable: Number(bytes.readBigUInt64LE(8)),
    sequence: bytes.readBigUInt64LE(16),
  };
}
