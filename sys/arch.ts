import { BpfilterError } from '../protocol/error.ts';

type Nr = 'getsockopt' | 'setsockopt' | 'socket' | 'openat' | 'seccomp' | 'bpf' | 'sched_setattr' | 'sched_getattr';

/** What differs between the architectures we run on. */
export interface Arch {
  /** AUDIT_ARCH_*: seccomp_data.arch of a native call (include/uapi/linux/audit.h). */
  readonly auditArch: number;
  /** System call numbers. */
  readonly nr: Readonly<Record<Nr, number>>;
}

/**
 * arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h (arm64).
 * Both are little-endian and 64 bits wide, so struct layouts and ioctl numbers are the same.
 */
export const arches: Readonly<Record<'x64' | 'arm64', Arch>> = {
  x64: {
    auditArch: 0xc000003e,
    nr: {
      getsockopt: 55,
      setsockopt: 54,
      socket: 41,
      openat: 257,
      seccomp: 317,
      bpf: 321,
      sched_setattr: 314,
      sched_getattr: 315,
    },
  },
  arm64: {
    auditArch: 0xc00000b7,
    nr: {
      getsockopt: 209,
      setsockopt: 208,
      socket: 198,
      openat: 56,
      seccomp: 277,
      bpf: 280,
      sched_setattr: 274,
      sched_getattr: 275,
    },
  },
};

/** Numbers that every architecture shares (all calls since Linux 5.1). */
export const commonNr = { pidfdSendSignal: 424, pidfdOpen: 434, pidfdGetfd: 438 } as const;

/** The table of the architecture we run on; `not-expressible` on any other. */
export function arch(): Arch {
  const found = process.arch === 'x64' || process.arch === 'arm64' ? arches[process.arch] : undefined;
  if (found !== undefined) return found;
  throw new BpfilterError('not-expressible', `expected x64 or arm64, runs on ${process.arch}`);
}
