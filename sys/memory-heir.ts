import { cFunction, viewOf } from './koffi.ts';

const mmap = cFunction('mmap', ['void *', 'ulong', 'int', 'int', 'int', 'int64_t'], 'int64_t');
const mprotect = cFunction('mprotect', ['void *', 'ulong', 'int']);
const clone = cFunction('clone', ['void *', 'void *', 'int', 'void *']);
const pthreadSigmask = cFunction('pthread_sigmask', ['int', 'void *', 'void *']);

/** include/uapi/asm-generic/mman-common.h */
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const pageSize = 4096;
/** include/uapi/linux/sched.h: the same memory, but another process, with descriptors and signals of its own. */
const CLONE_VM = 0x100;
const SIG_SETMASK = 2;
/** Room for sigset_t of any libc. */
const sigsetSize = 128;

/** arch/x86/entry/syscalls/syscall_64.tbl */
const nr = {
  nanosleep: 35,
  getppid: 110,
  rt_sigtimedwait: 128,
  prctl: 157,
  exit_group: 231,
  close_range: 436,
} as const;
/** include/uapi/linux/prctl.h */
const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const SIGUSR2 = 12;
const EINTR = 4;
/** sizeof(sigset_t) as the kernel has it. */
const kernelSigset = 8;

/** What the heir is called: no driver's name, so that `pkill bpfilter_umh` doesn't mean it. */
export const heirName = 'bpfilter_heir';

/** Where its data lie in the page of its code. */
const data = { name: 512, signals: 528, delay: 536, end: 552 } as const;

const immediateSize = 4;

/** Machine code (x86-64) that only makes system calls: no stack, no libc, nothing that belongs to a thread. */
class CallsOnly {
  readonly bytes: number[] = [];

  /** A system call; a `bigint` stands for the address of the data there. Its result is in eax. */
  call(number: number, ...args: readonly (number | bigint)[]): void {
    // rdi, rsi, rdx, r10: mov r32, imm32 and lea r64, [rip + disp32]
    const registers = [
      { mov: [0xbf], lea: [0x48, 0x8d, 0x3d] },
      { mov: [0xbe], lea: [0x48, 0x8d, 0x35] },
      { mov: [0xba], lea: [0x48, 0x8d, 0x15] },
      { mov: [0x41, 0xba], lea: [0x4c, 0x8d, 0x15] },
    ] as const;
    for (const [at, { mov, lea }] of registers.entries()) {
      const arg = args[at];
      if (typeof arg === 'number') this.#put(mov, arg);
      else if (arg !== undefined) this.#put(lea, Number(arg) - (this.bytes.length + lea.length + immediateSize));
    }
    this.#put([0xb8], number); // mov eax, imm32
    this.bytes.push(0x0f, 0x05); // syscall
  }

  /** Compares the last result with a number. */
  compare(value: number): void {
    this.#put([0x3d], value); // cmp eax, imm32
  }

  /** Jumps back to a place. */
  backIfEqual(place: number): void {
    this.bytes.push(0x74, (place - (this.bytes.length + 2)) & 0xff); // je rel8
  }

  /** Jumps ahead to where the function it returns is called. */
  aheadUnlessEqual(): () => void {
    this.#put([0x0f, 0x85], 0); // jne rel32
    const from = this.bytes.length;
    return () => this.bytes.splice(from - immediateSize, immediateSize, ...immediateOf(this.bytes.length - from));
  }

  #put(opcode: readonly number[], value: number): void {
    this.bytes.push(...opcode, ...immediateOf(value));
  }
}

function immediateOf(value: number): Uint8Array {
  const bytes = Buffer.alloc(immediateSize);
  bytes.writeInt32LE(value);
  return bytes;
}

/** The heir's whole life. */
function heirPage(parent: number, delayMs: number): Buffer {
  const code = new CallsOnly();
  // What it got of the process's descriptors would keep its pipes and locks open.
  code.call(nr.close_range, 0, -1, 0);
  code.compare(0);
  const toEnd = code.aheadUnlessEqual();
  code.call(nr.prctl, PR_SET_NAME, BigInt(data.name));
  code.call(nr.prctl, PR_SET_PDEATHSIG, SIGUSR2);
  // It may have died before that.
  code.call(nr.getppid);
  code.compare(parent);
  const isAlone = code.aheadUnlessEqual();
  const wait = code.bytes.length;
  code.call(nr.rt_sigtimedwait, BigInt(data.signals), 0, 0, kernelSigset);
  code.compare(-EINTR);
  code.backIfEqual(wait);
  isAlone();
  code.call(nr.nanosleep, BigInt(data.delay), 0);
  toEnd();
  code.call(nr.exit_group, 0);
  const page = Buffer.alloc(data.end);
  page.set(code.bytes);
  page.write(heirName, data.name);
  page.writeBigUInt64LE(1n << BigInt(SIGUSR2 - 1), data.signals);
  page.writeBigInt64LE(BigInt(Math.floor(delayMs / 1000)), data.delay);
  page.writeBigInt64LE(BigInt(Math.round((delayMs % 1000) * 1e6)), data.delay + 8);
  return page;
}

/**
 * Starts a process that has the memory of this one in common with it, and nothing else: it sleeps until this one has
 * ended, for `delayMs` more, and ends too. So the end of this one, by whatever, is a matter of 0.1 ms: taking down the
 * memory of a process takes the kernel milliseconds of a processor, which without preemption nobody else gets meanwhile,
 * and this is left to the heir, later.
 *
 * Call it on the first thread, whose end the heir waits for, and once the process is confined: seccomp filters and capabilities
 * are inherited. Of signals it minds SIGKILL, which does no harm (then memory is taken down as ever), and SIGSTOP, with which
 * it stays until SIGCONT: it is in the process's group. Whoever reaps orphans (pid 1) reaps it.
 *
 * Returns the heir's pid; undefined where there is none: on other processors than x86-64, whose code we have not written,
 * and where no further process may be started.
 */
export function leaveMemoryToHeir(delayMs: number): number | undefined {
  if (process.arch !== 'x64') return undefined;
  const length = 2 * pageSize;
  const address = mmap()(null, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address === -1) return undefined;
  const page = BigInt(address);
  new Uint8Array(viewOf(page, pageSize)).set(heirPage(process.pid, delayMs));
  if (mprotect()(page, pageSize, PROT_READ | PROT_EXEC) !== 0) return undefined;
  const blocked = Buffer.alloc(sigsetSize, 0xff);
  const before = Buffer.alloc(sigsetSize);
  // Handlers of signals are for threads of this process: they would find themselves in another one.
  pthreadSigmask()(SIG_SETMASK, blocked, before);
  try {
    const pid = clone()(page, page + BigInt(length), CLONE_VM, null);
    return pid === -1 ? undefined : pid;
  } finally {
    pthreadSigmask()(SIG_SETMASK, before, null);
  }
}
