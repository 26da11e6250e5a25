import fs from 'node:fs';

/**
 * Reads the driver's program, again only when the file is another one: it has more than a megabyte, and who loads and unloads
 * drivers again and again would leave as much behind each time.
 */
export function blobReader(file: string): () => Uint8Array {
  let known: { readonly version: string; readonly bytes: Uint8Array } | undefined;
  return () => {
    const { ino, size, mtimeNs } = fs.statSync(file, { bigint: true });
    const version = `${ino} ${size} ${mtimeNs}`;
    if (known?.version !== version) known = { version, bytes: fs.readFileSync(file) };
    return known.bytes;
  };
}
