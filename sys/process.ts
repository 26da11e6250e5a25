import { errno } from '../protocol/errno.ts';
import { errnoOf } from '../protocol/error.ts';
import { type CText, cStringArray, cText } from './c-string-array.ts';
import { setCloexec } from './descriptor.ts';
import { check, syscallError } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';
import { PR_SET_DUMPABLE, prctl } from './prctl.ts';
import { ignoredByNode } from './signal.ts';

const cExecve = cFunction('execve', ['void *', 'void *', 'void *']);
const sigaction = cFunction('sigaction', ['int', 'void *', 'void *']);
const pthread_sigmask = cFunction('pthread_sigmask', ['int', 'void *', 'void *']);

const SIG_SETMASK = 2;
/** Room for libc's struct sigaction (152 bytes) and sigset_t (128); all zero: SIG_DFL, empty. */
const SIGACTION_SIZE = 256;
const SIGSET_SIZE = 128;

/** Sets whether a descriptor stays open; one that isn't open stays so. */
function setKept(fd: number, kept: boolean): void {
  try {
    setCloexec(fd, !kept);
  } catch (error) {
    if (errnoOf(error) !== errno.EBADF) throw error;
  }
}

export interface ExecveOptions {
  /** Descriptors that stay open beside 0, 1, 2 though they close on exec. */
  readonly keep?: readonly number[];
  /** Of 0, 1, 2 those that are to be closed. */
  readonly close?: readonly number[];
  /** Signals that stay ignored though Node ignores them too (SIGPIPE, SIGXFSZ). */
  readonly ignored?: readonly number[];
}

/**
 * Replaces this process by a program: the same pid, the calling thread's credentials and filters,
 * descriptors 0, 1, 2 and all that don't close on exec. (Node sets close-on-exec at its start on
 * every descriptor that it inherits, even these three.) `argv` includes the name; `env` is an object
 * or entries NAME=VALUE. Signals that Node ignores are set to their default, and none is blocked;
 * this is put back when exec fails.
 */
export function execve(
  path: CText,
  argv: readonly CText[],
  env: Readonly<Record<string, string | undefined>> | readonly CText[],
  { keep = [], close = [], ignored = [] }: ExecveOptions = {},
): never {
  const file = cText(path, 'execve');
  const args = cStringArray(argv, 'execve');
  const environment = cStringArray(isEntries(env) ? env : entriesOf(env), 'execve');
  const oldMask = Buffer.alloc(SIGSET_SIZE);
  const oldActions = ignoredByNode
    .filter((signal) => !ignored.includes(signal))
    .map((signal) => {
      const action = Buffer.alloc(SIGACTION_SIZE);
      check(sigaction()(signal, Buffer.alloc(SIGACTION_SIZE), action), 'sigaction');
      return { signal, action };
    });
  pthread_sigmask()(SIG_SETMASK, Buffer.alloc(SIGSET_SIZE), oldMask);
  for (const fd of [0, 1, 2, ...keep]) setKept(fd, !close.includes(fd));
  cExecve()(file, args, environment);
  const error = lastErrno();
  for (const { signal, action } of oldActions) sigaction()(signal, action, null);
  pthread_sigmask()(SIG_SETMASK, oldMask, null);
  throw syscallError('execve', error, Buffer.from(path).toString());
}

function isEntries(env: Readonly<Record<string, string | undefined>> | readonly CText[]): env is readonly CText[] {
  return Array.isArray(env);
}

function entriesOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

/** Whether others of the same user may trace this process and open its /proc/PID/mem. */
export function setDumpable(on: boolean): void {
  prctl('PR_SET_DUMPABLE', PR_SET_DUMPABLE, on ? 1 : 0);
}
