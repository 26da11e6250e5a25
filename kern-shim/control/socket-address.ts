import fs from 'node:fs';
import path from 'node:path';

/** sun_path of linux/un.h without its NUL. */
const longestAddress = 107;

/** A name for a unix socket that the kernel takes, good as long as it isn't closed. */
export interface SocketAddress {
  readonly address: string;
  close(): void;
}

/**
 * The address of the socket at `socketPath`. libuv cuts a longer one than the kernel takes, and the socket would
 * stand somewhere else: such a one goes by its folder's descriptor.
 *
 * @throws what opening the folder does
 */
export function socketAddress(socketPath: string): SocketAddress {
  if (Buffer.byteLength(socketPath) <= longestAddress) return { address: socketPath, close: () => {} };
  const folder = fs.openSync(path.dirname(socketPath), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  return {
    address: `/proc/self/fd/${folder}/${path.basename(socketPath)}`,
    close: () => fs.closeSync(folder),
  };
}
