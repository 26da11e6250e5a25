import { errno } from '../protocol/errno.ts';
import { arch } from './arch.ts';
import { assembleClassic, type ClassicInstruction } from './classic-bpf.ts';
import { installFilter } from './seccomp.ts';

/**
 * System calls that a process which only reads and writes files, memory and netlink never makes: other programs,
 * other processes' memory, other namespaces, the machine's devices, modules, keys and clocks, the network. By
 * architecture as in `arches` (arch.ts): [x64, arm64].
 */
const neverMade: Readonly<Record<string, readonly [number, number]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  unshare: [272, 97],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  open_by_handle_at: [304, 265],
  mknodat: [259, 33],
  fchownat: [260, 54],
  setuid: [105, 146],
  setgid: [106, 144],
  setreuid: [113, 145],
  setregid: [114, 143],
  setresuid: [117, 147],
  setresgid: [119, 149],
  setgroups: [116, 159],
  connect: [42, 203],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  io_uring_setup: [425, 425],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsmount: [432, 432],
  pidfd_getfd: [438, 438],
  mount_setattr: [442, 442],
};

/** Starting a program. */
const executing: Readonly<Record<string, readonly [number, number]>> = {
  execve: [59, 221],
  execveat: [322, 281],
};

/** BPF programs and maps. */
const loading: Readonly<Record<string, readonly [number, number]>> = {
  bpf: [321, 280],
};

/** struct seccomp_data (linux/seccomp.h): nr, arch, instruction_pointer, args[6]; low words, little-endian. */
const data = { nr: 0, arch: 4, firstArgument: 16 } as const;
const allow = 0x7fff0000; // SECCOMP_RET_ALLOW
const refuse = 0x00050000 | errno.EPERM; // SECCOMP_RET_ERRNO
/** Calls of the x32 table begin here (asm/unistd.h, __X32_SYSCALL_BIT): they would pass by their other numbers. */
const x32 = 0x40000000;
const AF_NETLINK = 16;

export interface Confinement {
  /** Whether it may start other programs. */
  readonly execute: boolean;
  /** Whether it may load BPF programs and make maps, as far as its capabilities go. */
  readonly bpf: boolean;
}

/**
 * Takes from this process, all of its threads and what it starts, for good, what a driver never does: each such call
 * is EPERM from now on, and no other socket than netlink's can be made. Sets no_new_privs. Throws `syscall`.
 */
export function confine({ execute, bpf }: Confinement): void {
  const { auditArch, nr } = arch();
  const column = process.arch === 'arm64' ? 1 : 0;
  const refused = [neverMade, ...(execute ? [] : [executing]), ...(bpf ? [] : [loading])];
  const calls = refused.flatMap((table) => Object.values(table));
  const program: ClassicInstruction[] = [
    { op: 'load', offset: data.arch },
    { op: 'if-equal', value: auditArch, no: 'refuse' },
    { op: 'load', offset: data.nr },
    { op: 'if-at-least', value: x32, yes: 'refuse' },
    { op: 'if-equal', value: nr.socket, yes: 'socket' },
    ...calls.map((numbers) => ({ op: 'if-equal', value: numbers[column] ?? 0, yes: 'refuse' }) as const),
    { op: 'return', value: allow },
    { op: 'label', name: 'socket' },
    { op: 'load', offset: data.firstArgument },
    { op: 'if-equal', value: AF_NETLINK, no: 'refuse' },
    { op: 'return', value: allow },
    { op: 'label', name: 'refuse' },
    { op: 'return', value: refuse },
  ];
  installFilter(assembleClassic(program), { noNewPrivs: true, everyThread: true });
}
