import { readFileSync } from 'node:fs';
import { BpfilterError } from '../protocol/error.ts';
import { check, syscallError } from './fail.ts';
import { cFunction } from './koffi.ts';
import { PR_CAPBSET_DROP, PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, prctl, prctlQuiet } from './prctl.ts';

const capset = cFunction('capset', ['void *', 'void *']);

/** include/uapi/linux/capability.h */
export const CAP_SETPCAP = 8;
export const CAP_NET_ADMIN = 12;
export const CAP_SYS_ADMIN = 21;
export const CAP_PERFMON = 38;
export const CAP_BPF = 39;

const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

/** A set of capabilities: bit n is CAP number n. */
export type CapSet = bigint;

export interface Caps {
  readonly effective: CapSet;
  readonly permitted: CapSet;
  readonly bounding: CapSet;
  readonly noNewPrivs: boolean;
}

/** Whether a set has a capability. */
export function hasCap(set: CapSet, cap: number): boolean {
  return ((set >> BigInt(cap)) & 1n) === 1n;
}

/** The set of some capabilities. */
export function capSet(caps: readonly number[]): CapSet {
  return caps.reduce((set, cap) => set | (1n << BigInt(cap)), 0n);
}

function readStatus(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    // Node's errors carry a negative errno; ESRCH comes when the task ends in the middle.
    const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
    throw syscallError('open', Math.abs(number), path);
  }
}

function field(status: string, name: string, path: string): string {
  const value = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  if (value !== undefined) return value;
  throw new BpfilterError('syscall', `${path}: no line ${name}`, { call: 'read' });
}

/**
 * The capabilities of a thread, from /proc: of the calling thread ('self'), of a process's main
 * thread, or of its thread `tid`. Numbered in the reader's pid namespace; the sets count in the
 * thread's own user namespace. ENOENT: no such thread.
 */
export function readCaps(pid: number | 'self', tid?: number): Caps {
  const folder = pid === 'self' ? 'thread-self' : tid === undefined ? `${pid}` : `${pid}/task/${tid}`;
  const path = `/proc/${folder}/status`;
  const status = readStatus(path);
  const set = (name: string): CapSet => BigInt(`0x${field(status, name, path)}`);
  return {
    effective: set('CapEff'),
    permitted: set('CapPrm'),
    bounding: set('CapBnd'),
    noNewPrivs: field(status, 'NoNewPrivs', path) === '1',
  };
}

/** Takes all but `caps` out of the calling thread's bounding set, for good. EPERM without CAP_SETPCAP. */
export function dropBoundingSetExcept(caps: readonly number[]): void {
  const kept = new Set(caps);
  // PR_CAPBSET_READ fails past the last capability that the kernel knows.
  for (let cap = 0, has = 0; has >= 0; cap++) {
    has = prctlQuiet(PR_CAPBSET_READ, cap);
    if (has === 1 && !kept.has(cap)) prctl(`PR_CAPBSET_DROP ${cap}`, PR_CAPBSET_DROP, cap);
  }
}

/** Sets the calling thread's capability sets. EPERM when it would gain one. */
export function setCaps(sets: {
  readonly effective: CapSet;
  readonly permitted: CapSet;
  readonly inheritable: CapSet;
}): void {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(_LINUX_CAPABILITY_VERSION_3, 0);
  // Two struct __user_cap_data_struct: the low words of the three sets, then the high words.
  const data = Buffer.alloc(24);
  for (const [i, set] of [sets.effective, sets.permitted, sets.inheritable].entries()) {
    data.writeUInt32LE(Number(set & 0xffffffffn), i * 4);
    data.writeUInt32LE(Number(set >> 32n), 12 + i * 4);
  }
  check(capset()(header, data), 'capset');
}

/** For the calling thread and what it starts, for good: exec never gains privileges again. */
export function setNoNewPrivs(): void {
  prctl('PR_SET_NO_NEW_PRIVS', PR_SET_NO_NEW_PRIVS, 1);
}
