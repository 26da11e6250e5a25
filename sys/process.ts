import { errno } from '../protocol/errno.ts';
import { errnoOf } from '../protocol/error.ts';
import { cString } from './c-string.ts';
import { setCloexec } from './descriptor.ts';
import { check, syscallError } from './fail.ts';
import { addressOf, cFunction, lastErrno } from './koffi.ts';
import { PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl } from './prctl.ts';

const cExecve = cFunction('execve', ['void *', 'void *', 'void *']);
const sigaction = cFunction('sigaction', ['int', 'void *', 'void *']);
const pthread_sigmask = cFunction('pthread_sigmask', ['int', 'void *', 'void *']);
const prctlName = cFunction('prctl', ['int', 'void *', 'int64_t', 'int64_t', 'int64_t']);

/** Node ignores these; an ignored signal stays ignored across exec. SIGPIPE, SIGXFSZ. */
const IGNORED_BY_NODE = [13, 25];
const SIG_SETMASK = 2;
const PR_SET_NAME = 15;
/** Room for libc's struct sigaction (152 bytes) and sigset_t (128); all zero: SIG_DFL, empty. */
const SIGACTION_SIZE = 256;
const SIGSET_SIZE = 128;

/** A NULL-terminated array of char pointers, the strings behind it in the same buffer. */
function stringArray(values: readonly string[]): Buffer {
  const strings = values.map((value) => cString(value, 'execve'));
  const pointersSize = (strings.length + 1) * 8;
  const bytes = Buffer.concat([Buffer.alloc(pointersSize), ...strings]);
  let address = addressOf(bytes) + BigInt(pointersSize);
  for (const [i, string] of strings.entries()) {
    bytes.writeBigUInt64LE(address, i * 8);
    address += BigInt(string.length);
  }
  return bytes;
}

/** Clears close-on-exec; a descriptor that isn't open stays so. */
function keepOpen(fd: number): void {
  try {
    setCloexec(fd, false);
  } catch (error) {
    if (errnoOf(error) !== errno.EBADF) throw error;
  }
}

/**
 * Replaces this process by a program: the same pid, the calling thread's credentials and filters,
 * descriptors 0, 1, 2 and all that don't close on exec. (Node sets close-on-exec at its start on
 * every descriptor that it inherits, even these three.) `argv` includes the name. Signals that Node
 * ignores are set to their default, and none is blocked; this is put back when exec fails.
 */
export function execve(
  path: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): never {
  const file = cString(path, 'execve');
  const args = stringArray(argv);
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const environment = stringArray(variables);
  const oldMask = Buffer.alloc(SIGSET_SIZE);
  const oldActions = IGNORED_BY_NODE.map((signal) => {
    const action = Buffer.alloc(SIGACTION_SIZE);
    check(sigaction()(signal, Buffer.alloc(SIGACTION_SIZE), action), 'sigaction');
    return { signal, action };
  });
  pthread_sigmask()(SIG_SETMASK, Buffer.alloc(SIGSET_SIZE), oldMask);
  for (const fd of [0, 1, 2]) keepOpen(fd);
  cExecve()(file, args, environment);
  const error = lastErrno();
  for (const { signal, action } of oldActions) sigaction()(signal, action, null);
  pthread_sigmask()(SIG_SETMASK, oldMask, null);
  throw syscallError('execve', error, path);
}

/** Names the calling thread (on the main thread: the process, as ps shows it); cut at 15 bytes. */
export function setProcessName(name: string): void {
  check(prctlName()(PR_SET_NAME, cString(name, 'prctl'), 0, 0, 0), 'prctl', 'PR_SET_NAME');
}

/**
 * Sends `signal` (0: none) to the calling process when its parent dies. Parent means the very
 * thread that forked it, so a child of a Worker gets the signal when that Worker ends. Cleared by exec
 * of a set-id program.
 */
export function setParentDeathSignal(signal: number): void {
  prctl('PR_SET_PDEATHSIG', PR_SET_PDEATHSIG, signal);
}

/** Whether others of the same user may trace this process and open its /proc/PID/mem. */
export function setDumpable(on: boolean): void {
  prctl('PR_SET_DUMPABLE', PR_SET_DUMPABLE, on ? 1 : 0);
}
