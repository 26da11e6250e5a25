import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LibraryHandle } from 'koffi';
import { BpfilterError } from '../protocol/error.ts';

/** The part of koffi that we use. */
interface NativeKoffi {
  load(path: null): LibraryHandle;
  errno(): number;
  address(value: Uint8Array): bigint;
  view(address: bigint, length: number): ArrayBuffer;
}

interface LoadedKoffi {
  readonly native: NativeKoffi;
  readonly path: string;
}

let loaded: LoadedKoffi | undefined;
let library: LibraryHandle | undefined;

/**
 * Where the native module may be, best first: named by the environment, beside the bundle,
 * in node_modules. In a CommonJS bundle `import.meta.url` is undefined (esbuild leaves it
 * empty), so there only the environment can tell. The per-platform package is loaded directly:
 * koffi's JavaScript wrapper only adds deprecation warnings and 2 ms.
 */
function candidates(): readonly string[] {
  const named = process.env.BPFILTER_KOFFI;
  if (named !== undefined && named !== '') return [named];
  const self: string | undefined = import.meta.url;
  if (self === undefined) return [];
  const beside = join(dirname(fileURLToPath(self)), 'koffi.node');
  if (existsSync(beside)) return [beside];
  const platform = `koffi-linux-${process.arch}`;
  const wrapper = createRequire(self).resolve('koffi');
  const folder = dirname(createRequire(wrapper).resolve(`@koromix/${platform}`));
  return ['linux', 'musl'].map((libc) => join(folder, `${libc}_${process.arch}`, 'koffi.node'));
}

function load(): LoadedKoffi {
  const tried: string[] = [];
  let cause: unknown;
  try {
    for (const path of candidates()) {
      tried.push(path);
      try {
        return { native: createRequire(path)(path) as NativeKoffi, path };
      } catch (error) {
        cause ??= error;
      }
    }
  } catch (error) {
    cause = error;
  }
  const where = tried.length > 0 ? tried.join(', ') : 'BPFILTER_KOFFI is not set';
  throw new BpfilterError('syscall', `koffi.node can't be loaded (${where})`, {
    call: 'dlopen',
    cause,
  });
}

/** Absolute path of the native module in use, to be passed on as BPFILTER_KOFFI. */
export function koffiPath(): string {
  loaded ??= load();
  return loaded.path;
}

/** errno of this thread, as the last call through koffi left it; read it before anything else. */
export function lastErrno(): number {
  loaded ??= load();
  return loaded.native.errno();
}

/**
 * Address of a buffer's first byte, to be stored in a C struct. The bytes never move, but they
 * are freed with their last JavaScript reference: keep the buffer until the call has returned.
 */
export function addressOf(bytes: Uint8Array): bigint {
  loaded ??= load();
  return loaded.native.address(bytes);
}

/**
 * Memory at an address as an ArrayBuffer: no copy, and nothing that keeps the memory there. It can't be
 * detached or transferred, so whoever frees the memory must know that nobody looks at it any more.
 */
export function viewOf(address: bigint, length: number): ArrayBuffer {
  loaded ??= load();
  return loaded.native.view(address, length);
}

/** C types in use, and what JavaScript passes for each. A `void *` takes a buffer, an address or NULL. */
interface CTypes {
  int: number;
  uint: number;
  ulong: number;
  int64_t: number;
  'void *': Uint8Array | bigint | null;
}
type Arguments<A extends readonly (keyof CTypes)[]> = { [K in keyof A]: CTypes[A[K]] };

/**
 * Names a C library function; it is bound at its first use, since every binding costs start-up
 * time. Variadic functions (ioctl, fcntl, prctl, syscall) are declared with fixed arguments: both
 * Linux ABIs pass the two alike, and koffi's variadic calls are slow. Results are `int`: that is
 * what they fit in (descriptors, byte counts of small messages, -1), but for addresses (`int64_t`; those of
 * user space are numbers that JavaScript holds exactly).
 */
export function cFunction<const A extends readonly (keyof CTypes)[]>(
  name: string,
  args: A,
  result: 'int' | 'int64_t' = 'int',
): () => (...values: Arguments<A>) => number {
  let bound: ((...values: Arguments<A>) => number) | undefined;
  return () => {
    if (bound !== undefined) return bound;
    loaded ??= load();
    library ??= loaded.native.load(null);
    bound = library.func(name, result, [...args]) as (...values: Arguments<A>) => number;
    return bound;
  };
}
