import { cString } from './c-string.ts';
import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const renameat2 = cFunction('renameat2', ['int', 'void *', 'int', 'void *', 'uint']);

/** include/uapi/linux/fcntl.h, include/uapi/linux/fs.h */
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/**
 * Exchanges two files, which both exist: whoever looks finds each name with the one or the other, never without
 * any. EINVAL where the file system can't.
 */
export function renameExchange(one: string, other: string): void {
  const paths = [one, other].map((path) => cString(path, 'renameat2')) as [Buffer, Buffer];
  check(renameat2()(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE), 'renameat2', `${one}, ${other}`);
}
