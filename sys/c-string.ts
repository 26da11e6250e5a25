import { errno } from '../protocol/errno.ts';
import { syscallError } from './fail.ts';

/**
 * A NUL-terminated copy of a string (UTF-8). `call` names the system call it is meant for;
 * a NUL within would silently cut the string there, so it is refused (EINVAL).
 */
export function cString(value: string, call: string): Buffer {
  if (value.includes('\0')) throw syscallError(call, errno.EINVAL, 'NUL within a string');
  return Buffer.from(`${value}\0`, 'utf8');
}
