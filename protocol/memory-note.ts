/**
 * The bytes that come with the descriptor of a caller's memory: how much of the range that the
 * request names the caller itself could read and write, counted from its start. /proc/PID/mem
 * doesn't ask, the kernel's copy_from_user and copy_to_user do. Two u64, little-endian.
 */
export interface MemoryNote {
  readonly readable: number;
  readonly writable: number;
}

export const memoryNoteSize = 16;

/** Writes a note to the first 16 bytes of `bytes`. */
export function encodeMemoryNote(bytes: Buffer, note: MemoryNote): void {
  bytes.writeBigUInt64LE(BigInt(note.readable), 0);
  bytes.writeBigUInt64LE(BigInt(note.writable), 8);
}

/** Reads a note from the first 16 bytes of `bytes`. */
export function decodeMemoryNote(bytes: Buffer): MemoryNote {
  return { readable: Number(bytes.readBigUInt64LE(0)), writable: Number(bytes.readBigUInt64LE(8)) };
}
