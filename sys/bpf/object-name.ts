import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../fail.ts';

/** BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h: 15 characters and a NUL. */
export const OBJECT_NAME_SIZE = 16;

/**
 * Writes the name of a map or program into `attr`. EINVAL, as the kernel has it: past 15 characters, or
 * others than letters, digits, `_` and `.`.
 */
export function writeObjectName(attr: Buffer, offset: number, name: string): void {
  if (!/^[\w.]{0,15}$/.test(name)) throw syscallError('bpf', errno.EINVAL, `object name "${name}"`);
  attr.write(name, offset, 'latin1');
}

/** The name in what the kernel tells about an object. */
export function readObjectName(info: Buffer, offset: number): string {
  const name = info.subarray(offset, offset + OBJECT_NAME_SIZE);
  const end = name.indexOf(0);
  return name.toString('latin1', 0, end < 0 ? name.length : end);
}
