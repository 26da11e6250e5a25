import { errno } from '../../protocol/errno.ts';
import { refuse } from '../extension.ts';
import { cText, isUnterminated } from './c-string.ts';

/** Refuses what can't name a file below /proc, as the kernel does (net/netfilter/x_tables.c, xt_check_proc_name). */
export function checkProcName(match: string, room: Uint8Array): void {
  if (room[0] === 0) refuse(`${match}: an empty name`);
  if (isUnterminated(room)) refuse(`${match}: the name has no end within its ${room.length} bytes`, errno.ENAMETOOLONG);
  const name = cText(room);
  if (name === '.' || name === '..' || name.includes('/'))
    refuse(`${match}: "${name}" can't be the name of a file in /proc`);
}
