import { type Errno, type ErrnoName, errno } from '../../protocol/errno.ts';

/** strerror(3) of what the kernel may answer, as nft (with LC_ALL=C) prints it, and what a caller is to see. */
const texts: readonly (readonly [string, ErrnoName])[] = [
  ['Operation not supported', 'EOPNOTSUPP'],
  ['Too many links', 'EMLINK'],
  ['Too many levels of symbolic links', 'ELOOP'],
  ['Operation not permitted', 'EPERM'],
  ['Cannot allocate memory', 'ENOMEM'],
  ['No buffer space available', 'ENOBUFS'],
  ['No space left on device', 'ENOSPC'],
  ['Device or resource busy', 'EBUSY'],
  ['Message too long', 'EMSGSIZE'],
];

/** nft's complaint, fit for a log line: its first lines, not too long. */
export function trimComplaint(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^\^+$/.test(line));
  return lines.slice(0, 4).join(' | ').slice(0, 500);
}

/** The errno for a refusal by nft or the kernel; EIO for one that has no better. */
export function errnoOfComplaint(stderr: string): Errno {
  const found = texts.find(([text]) => stderr.includes(text));
  return errno[found?.[1] ?? 'EIO'];
}

/** The same for an errno of the kernel's own. */
export function errnoOfRefusal(code: Errno): Errno {
  return texts.some(([, name]) => errno[name] === code) ? code : errno.EIO;
}

/** Whether nft says that what was named isn't there. */
export function isNoSuchObject(stderr: string): boolean {
  return stderr.includes('No such file or directory');
}
