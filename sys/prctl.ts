import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const cPrctl = cFunction('prctl', ['int', 'int64_t', 'int64_t', 'int64_t', 'int64_t']);

/** include/uapi/linux/prctl.h */
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
