import { errno } from '../protocol/errno.ts';
import { type CText, cStringArray, cText } from './c-string-array.ts';
import { fail, syscallError } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const posix_spawn = cFunction('posix_spawn', ['void *', 'void *', 'void *', 'void *', 'void *', 'void *']);
const attrInit = cFunction('posix_spawnattr_init', ['void *']);
const attrSetFlags = cFunction('posix_spawnattr_setflags', ['void *', 'int']);
const attrSetSigDefault = cFunction('posix_spawnattr_setsigdefault', ['void *', 'void *']);
const actionsInit = cFunction('posix_spawn_file_actions_init', ['void *']);
const actionsClose = cFunction('posix_spawn_file_actions_addclose', ['void *', 'int']);
const actionsDestroy = cFunction('posix_spawn_file_actions_destroy', ['void *']);
const waitpid = cFunction('waitpid', ['int', 'void *', 'int']);

/** Room for posix_spawnattr_t (336 bytes), posix_spawn_file_actions_t (80) and sigset_t (128) of any libc. */
const STRUCT_SIZE = 512;
const POSIX_SPAWN_SETSIGDEF = 4;
const WNOHANG = 1;

export interface SpawnedProgram {
  readonly path: CText;
  /** With the name. */
  readonly argv: readonly CText[];
  /** Entries NAME=VALUE. */
  readonly env: readonly CText[];
  /** Descriptors that are closed in it, though they don't close on exec. */
  readonly close: readonly number[];
  /** Signals that are ignored here and are to have their default there. Others stay as they are: ignored ones ignored. */
  readonly defaults: readonly number[];
}

/**
 * Starts a program from the calling thread, whose seccomp filters and signal mask it inherits, and
 * returns its pid once it was executed; throws what exec failed with. Beside Node's own spawn it
 * carries bytes that are no UTF-8, leaves descriptors that don't close on exec and ignored signals alone.
 */
export function posixSpawn(program: SpawnedProgram): number {
  const pid = Buffer.alloc(4);
  const attr = Buffer.alloc(STRUCT_SIZE);
  const actions = Buffer.alloc(STRUCT_SIZE);
  const path = cText(program.path, 'posix_spawn');
  const argv = cStringArray(program.argv, 'posix_spawn');
  const env = cStringArray(program.env, 'posix_spawn');
  must(attrInit()(attr));
  must(attrSetSigDefault()(attr, signalSet(program.defaults)));
  must(attrSetFlags()(attr, POSIX_SPAWN_SETSIGDEF));
  must(actionsInit()(actions));
  try {
    for (const fd of program.close) must(actionsClose()(actions, fd));
    must(posix_spawn()(pid, path, actions, attr, argv, env));
  } finally {
    actionsDestroy()(actions);
  }
  return pid.readInt32LE(0);
}

/** How a child ended: it exited, or a signal (by number) ended it. */
export type ProcessEnd = { readonly status: number } | { readonly signal: number };

/** Reaps a child when it has ended; undefined while it runs. ECHILD: it is no child of ours. */
export function reap(pid: number): ProcessEnd | undefined {
  const status = Buffer.alloc(4);
  const found = waitpid()(pid, status, WNOHANG);
  if (found < 0 && lastErrno() !== errno.EINTR) fail('waitpid', `pid ${pid}`);
  if (found <= 0) return undefined;
  const word = status.readInt32LE(0);
  const signal = word & 0x7f;
  return signal === 0 ? { status: (word >> 8) & 0xff } : { signal };
}

function signalSet(signals: readonly number[]): Buffer {
  const set = Buffer.alloc(STRUCT_SIZE);
  for (const signal of signals)
    set.writeUInt8(set.readUInt8((signal - 1) >> 3) | (1 << ((signal - 1) & 7)), (signal - 1) >> 3);
  return set;
}

/** These functions return the errno itself. */
function must(result: number): void {
  if (result !== 0) throw syscallError('posix_spawn', result);
}
