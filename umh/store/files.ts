import { closeSync, openSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Errno, type ErrnoName, errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { renameExchange } from '../../sys/rename-exchange.ts';

/**
 * The state folder as the driver uses it. Every change is whole or absent for a reader who holds the
 * state lock, whenever the writer dies; the machine's own death is no concern, as the rules die with it.
 * Every function throws BpfilterError('state') with the errno of the failed call.
 */
export interface StateFiles {
  /** The whole file; undefined when there is none. */
  read(name: string): Uint8Array | undefined;
  exists(name: string): boolean;
  /** Puts a file in place by rename; zeros fill it up to `size` bytes, so that a later `overwrite` can't lack space. */
  replace(name: string, parts: readonly Uint8Array[], size?: number): void;
  /** Writes into an existing file at `position`. */
  overwrite(name: string, position: number, parts: readonly Uint8Array[]): void;
  /** Makes an existing file `size` bytes long, with zeros, where it is shorter. */
  extend(name: string, size: number): void;
  /** Milliseconds since it was written, by the time of day; undefined when there is none. */
  age(name: string): number | undefined;
  /** Bytes of it; undefined when there is none. */
  size(name: string): number | undefined;
  rename(from: string, to: string): void;
  /** The file gets the other one's name, which that one gives up or, where the file system can do that, takes in exchange. */
  exchange(from: string, to: string): void;
  /** As rename; no error when there is none. */
  setAside(from: string, to: string): void;
  /** No error when there is none. */
  remove(name: string): void;
  list(): string[];
}

/** What a file is called until it is whole. */
export const TEMPORARY = '.tmp';

const ZEROS = new Uint8Array(1 << 16);

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** The errno of a failed node:fs call; EIO for one that has no number here. */
function errnoOfSystemError(error: unknown): Errno {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return errno[code as ErrnoName] ?? errno.EIO;
}

function failed(call: string, path: string, cause: unknown): BpfilterError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new BpfilterError('state', `${call} ${path}: ${text}`, { errno: errnoOfSystemError(cause), call, cause });
}

function writeAll(descriptor: number, bytes: Uint8Array, position: number | null): void {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    const written = writeSync(descriptor, bytes, done, bytes.length - done, at);
    if (written === 0) throw Object.assign(new Error('wrote 0 bytes'), { code: 'EIO' });
    done += written;
  }
}

function writeZeros(descriptor: number, size: number): void {
  for (let left = size; left > 0; left -= ZEROS.length) {
    writeAll(descriptor, left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS, null);
  }
}

/** Opens, works, closes; a failed new file is taken away again. */
function withFile(path: string, flags: string, work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The real folder `root`, which exists. */
export function openStateFiles(root: string): StateFiles {
  const guarded = <T>(call: string, name: string, work: (path: string) => T): T => {
    const path = join(root, name);
    try {
      return work(path);
    } catch (error) {
      throw failed(call, path, error);
    }
  };
  const discard = (path: string) => {
    try {
      unlinkSync(path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
  };
  const writeNew = (path: string, work: (descriptor: number) => void) => {
    try {
      withFile(path, 'w', work);
    } catch (error) {
      discard(path);
      throw error;
    }
  };

  return {
    read: (name) =>
      guarded('read', name, (path) => {
        try {
          return readFileSync(path);
        } catch (error) {
          if (isCode(error, 'ENOENT')) return undefined;
          throw error;
        }
      }),
    exists: (name) => guarded('stat', name, (path) => statSync(path, { throwIfNoEntry: false }) !== undefined),
    replace: (name, parts, size = 0) =>
      guarded('write', name, (path) => {
        const temporary = `${path}${TEMPORARY}`;
        writeNew(temporary, (descriptor) => {
          let left = size;
          for (const part of parts) {
            writeAll(descriptor, part, null);
            left -= part.length;
          }
          writeZeros(descriptor, left);
        });
        renameSync(temporary, path);
      }),
    overwrite: (name, position, parts) =>
      guarded('write', name, (path) =>
        withFile(path, 'r+', (descriptor) => {
          let at = position;
          for (const part of parts) {
            writeAll(descriptor, part, at);
            at += part.length;
          }
        }),
      ),
    extend: (name, size) =>
      guarded('write', name, (path) => {
        const left = size - statSync(path).size;
        if (left > 0) withFile(path, 'a', (descriptor) => writeZeros(descriptor, left));
      }),
    age: (name) =>
      guarded('stat', name, (path) => {
        const found = statSync(path, { throwIfNoEntry: false });
        return found === undefined ? undefined : Date.now() - found.mtimeMs;
      }),
    size: (name) => guarded('stat', name, (path) => statSync(path, { throwIfNoEntry: false })?.size),
    rename: (from, to) => guarded('rename', from, (path) => renameSync(path, join(root, to))),
    exchange: (from, to) =>
      guarded('rename', from, (path) => {
        try {
          renameExchange(path, join(root, to));
        } catch {
          renameSync(path, join(root, to));
        }
      }),
    setAside: (from, to) =>
      guarded('rename', from, (path) => {
        try {
          renameSync(path, join(root, to));
        } catch (error) {
          if (!isCode(error, 'ENOENT')) throw error;
        }
      }),
    remove: (name) => guarded('unlink', name, discard),
    list: () => guarded('readdir', '', (path) => readdirSync(path)),
  };
}
