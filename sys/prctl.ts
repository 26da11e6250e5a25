import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const cPrctl = cFunction('prctl', ['int', 'int64_t', 'int64_t', 'int64_t', 'int64_t']);

/** include/uapi/linux/prctl.h */
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_DUMPABLE = 4;
export const PR_CAPBSET_READ = 23;
export const PR_CAPBSET_DROP = 24;
export const PR_SET_NO_NEW_PRIVS = 38;

/** prctl with one number; `name` is for the error message. Returns its result. */
export function prctl(name: string, option: number, value: number): number {
  return check(cPrctl()(option, value, 0, 0, 0), 'prctl', name);
}

/** As `prctl`, but -1 instead of an error. */
export function prctlQuiet(option: number, value: number): number {
  return cPrctl()(option, value, 0, 0, 0);
}

/**
 * Sends `signal` (0: none) to the calling process when its parent dies. Parent means the very
 * thread that forked it, so a child of a Worker gets the signal when that Worker ends. Cleared by exec
 * of a set-id program.
 */
export function setParentDeathSignal(signal: number): void {
  prctl('PR_SET_PDEATHSIG', PR_SET_PDEATHSIG, signal);
}

/** For the calling thread and what it starts, for good: exec never gains privileges again. */
export function setNoNewPrivs(): void {
  prctl('PR_SET_NO_NEW_PRIVS', PR_SET_NO_NEW_PRIVS, 1);
}

/** Whether others of the same user may trace this process and open its /proc/PID/mem. */
export function setDumpable(on: boolean): void {
  prctl('PR_SET_DUMPABLE', PR_SET_DUMPABLE, on ? 1 : 0);
}
