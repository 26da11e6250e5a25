import fs from 'node:fs';
import { CAP_BPF, CAP_PERFMON, hasCap, readCaps } from './capability.ts';

/** What bpf(2) asks of who loads programs that read kernel memory, beside what their attachment asks. */
export const bpfCapabilities: readonly number[] = [CAP_BPF, CAP_PERFMON];

/** PROC_USER_INIT_INO (include/linux/proc_ns.h) */
const initialUserNamespace = 'user:[4026531837]';

/**
 * Whether the calling thread has the capabilities that BPF wants, and where they count: in a user namespace of its
 * own root has them all, but bpf(2) asks for those of the initial one.
 */
export function isBpfCapable(): boolean {
  const { effective } = readCaps('self');
  return bpfCapabilities.every((cap) => hasCap(effective, cap)) && isInitialUserNamespace();
}

function isInitialUserNamespace(): boolean {
  try {
    return fs.readlinkSync('/proc/thread-self/ns/user') === initialUserNamespace;
  } catch {
    return true; // a kernel without user namespaces
  }
}
