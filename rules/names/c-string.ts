/** The text of a char array: what stands before its first NUL, one char per byte (latin1). All of it without a NUL. */
export function cText(room: Uint8Array): string {
  const end = room.indexOf(0);
  return bytesText(end < 0 ? room : room.subarray(0, end));
}

/** Bytes as text, one char per byte (latin1). */
export function bytesText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Whether a char array has no room left for the NUL that ends its text. */
export function isUnterminated(room: Uint8Array): boolean {
  return room.indexOf(0) < 0;
}
