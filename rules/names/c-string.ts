/** What stands in a char array before its first NUL; all of it without a NUL. */
export function cBytes(room: Uint8Array): Uint8Array {
  const end = room.indexOf(0);
  return end < 0 ? room : room.subarray(0, end);
}

/** The same as text, one char per byte (latin1). */
export function cText(room: Uint8Array): string {
  return bytesText(cBytes(room));
}

/** Bytes as text, one char per byte (latin1). */
export function bytesText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Whether a char array has no room left for the NUL that ends its text. */
export function isUnterminated(room: Uint8Array): boolean {
  return room.indexOf(0) < 0;
}
