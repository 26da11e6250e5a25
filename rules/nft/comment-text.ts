/** What nft's own language takes; its JSON and the kernel would take some more, unreadable for `nft -f`. */
const MAX_BYTES = 128;

const ELLIPSIS = '…';

/**
 * A text as the comment of an nft rule: control characters become spaces and double quotes single ones,
 * since nft prints both as they are, and what doesn't fit (128 bytes of UTF-8) is cut off.
 */
export function nftComment(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').replaceAll('"', "'");
  if (Buffer.byteLength(plain) <= MAX_BYTES) return plain;
  const characters = [...plain];
  while (Buffer.byteLength(characters.join('') + ELLIPSIS) > MAX_BYTES) characters.pop();
  return characters.join('') + ELLIPSIS;
}
