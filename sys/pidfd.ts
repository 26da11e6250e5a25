import { errno } from '../protocol/errno.ts';
import { commonNr } from './arch.ts';
import { check, fail } from './fail.ts';
import { isKernelSince } from './kernel-version.ts';
import { cFunction, lastErrno } from './koffi.ts';

// glibc has wrappers since 2.36 only.
const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'int64_t', 'int64_t', 'int64_t']);
const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);
const waitid = cFunction('waitid', ['int', 'int', 'void *', 'int']);

/** include/uapi/linux/wait.h */
const P_PIDFD = 3;
const WNOHANG = 1;
const WEXITED = 4;
/** include/uapi/asm-generic/siginfo.h */
const CLD_EXITED = 1;
const siginfo = Buffer.alloc(128);
const si_code = 8;
const si_pid = 16;
const si_status = 24;

/** How a process ended: `status` is the exit status, or the signal that killed it. */
export interface ProcessEnd {
  readonly kind: 'exited' | 'signaled';
  readonly status: number;
}

/** A descriptor of a process, closed on exec; readable for poll once it has ended. ESRCH: no such process. */
export function pidfdOpen(pid: number): number {
  return check(syscall()(commonNr.pidfdOpen, pid, 0, 0, 0), 'pidfd_open', `pid ${pid}`);
}

/** Sends a signal (0 = only check); ESRCH once the process has been waited for. */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  const result = syscall()(commonNr.pidfdSendSignal, pidfd, signal, 0, 0);
  check(result, 'pidfd_send_signal', `signal ${signal}`);
}

/** Duplicates another process's descriptor into ours (closed on exec); needs ptrace rights over it. */
export function pidfdGetfd(pidfd: number, targetFd: number): number {
  const result = syscall()(commonNr.pidfdGetfd, pidfd, targetFd, 0, 0);
  if (result < 0) fail('pidfd_getfd', `fd ${targetFd}`);
  return result;
}

/**
 * Waits for a child and reaps it. `undefined`: still running (only without `block`).
 * 'not-a-child': it is no child of ours, or was reaped before (as Node does with children of
 * child_process). Blocking stops this thread's event loop.
 */
export function waitPidfd(pidfd: number, options: { readonly block: boolean }): ProcessEnd | 'not-a-child' | undefined {
  const flags = options.block ? WEXITED : WEXITED | WNOHANG;
  for (;;) {
    siginfo.fill(0);
    if (waitid()(P_PIDFD, pidfd, siginfo, flags) === 0) break;
    const error = lastErrno();
    if (error === errno.ECHILD) return 'not-a-child';
    if (error !== errno.EINTR) fail('waitid', `pidfd ${pidfd}`);
  }
  if (siginfo.readInt32LE(si_pid) === 0) return undefined;
  const kind = siginfo.readInt32LE(si_code) === CLD_EXITED ? 'exited' : 'signaled';
  return { kind, status: siginfo.readInt32LE(si_status) };
}

/** include/uapi/linux/pidfd.h: _IOWR(0xFF, 11, struct pidfd_info) with its first 64 bytes. */
const PIDFD_GET_INFO = 0xc040ff0b;
const PIDFD_INFO_EXIT = 8n;
const infoSize = 64;
const info_exit_code = 60;

/** Whether `reapedEnd` can tell: since Linux 6.15. Only a process that has ended could show it otherwise. */
export const remembersEnds = (): boolean => isKernelSince(6, 15);

/**
 * How a process ended that somebody has waited for already (Linux 6.15). `undefined`: it hasn't been, or the
 * kernel doesn't tell.
 */
export function reapedEnd(pidfd: number): ProcessEnd | undefined {
  const info = Buffer.alloc(infoSize);
  info.writeBigUInt64LE(PIDFD_INFO_EXIT, 0);
  if (ioctl()(pidfd, PIDFD_GET_INFO, info) !== 0) return undefined;
  return (info.readBigUInt64LE(0) & PIDFD_INFO_EXIT) === 0n ? undefined : endOfCode(info.readInt32LE(info_exit_code));
}

/** wait(2)'s status, as the kernel keeps it (task_struct.exit_code). */
export function endOfCode(code: number): ProcessEnd {
  const signal = code & 0x7f;
  return signal === 0 ? { kind: 'exited', status: (code >> 8) & 0xff } : { kind: 'signaled', status: signal };
}
