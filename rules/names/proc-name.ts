import { asErrno } from '../../protocol/errno.ts';
import { refuse } from '../extension.ts';
import { cText, isUnterminated } from './c-string.ts';

/** The name doesn't fit (asm-generic/errno.h). */
export const ENAMETOOLONG = asErrno(36);

/** Refuses what can't name a file below /proc, as the kernel does (net/netfilter/x_tables.c, xt_check_proc_name). */
export function checkProcName(match: string, room: Uint8Array): void {
  if (room[0] === 0) refuse(`${match}: an empty name`);
  if (isUnterminated(room)) refuse(`${match}: the name has no end within its ${room.length} bytes`, ENAMETOOLONG);
  const name = cText(room);
  if (name === '.' || name === '..' || name.includes('/'))
    refuse(`${match}: "${name}" can't be the name of a file in /proc`);
}
