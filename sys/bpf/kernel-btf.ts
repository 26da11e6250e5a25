import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { nodeCallError } from '../fail.ts';
import { mapForGood } from '../mmap.ts';
import { type Btf, type BtfKind, type BtfMember, type BtfWanted, parseBtf } from './btf.ts';

/** What the running kernel says of its types. */
export interface KernelBtf {
  /** Where a member of a wanted struct is, bytes from the struct's start; `not-expressible` where this kernel has none. */
  memberOffset(struct: string, path: string): number;
  /** The same with its size and, for a bit field, its bits; undefined: this kernel has none. */
  member(struct: string, path: string): BtfMember | undefined;
  /** Bytes of a wanted struct; undefined: there is none. */
  structSize(struct: string): number | undefined;
  /** The id by which a program names a struct or kernel function; `not-expressible` unless in the kernel itself. */
  typeId(kind: BtfKind, name: string): number;
  /** The same; undefined: there is none in the kernel itself. */
  find(kind: BtfKind, name: string): number | undefined;
}

export interface KernelBtfOptions {
  /** Where the files are: `vmlinux`, and one for each module that is loaded. */
  readonly folder?: string;
  /** Modules to look in, as far as they are loaded, for structs that the kernel itself doesn't have. */
  readonly modules?: readonly string[];
}

function bytesOf(path: string): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw nodeCallError('open', error, path);
  }
  try {
    return mapped(fd) ?? readFileSync(fd);
  } catch (error) {
    throw nodeCallError('read', error, path);
  } finally {
    closeSync(fd);
  }
}

/** Linux 6.16 can map the kernel's own, which saves more than 1,000 reads of a page each; undefined where it can't. */
function mapped(fd: number): Uint8Array | undefined {
  const { size } = fstatSync(fd);
  try {
    return new Uint8Array(mapForGood(fd, size));
  } catch (error) {
    if (error instanceof BpfilterError && error.call === 'mmap') return undefined;
    throw error;
  }
}

/** A loaded module's; undefined when it isn't loaded (or built in, or without BTF). */
function moduleBtf(path: string, wanted: BtfWanted, kernel: Btf): Btf | undefined {
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(path);
  } catch (error) {
    if (error instanceof BpfilterError && error.errno === errno.ENOENT) return undefined;
    throw error;
  }
  return parseBtf(bytes, wanted, kernel);
}

function absent(what: string, places: readonly string[]): never {
  throw new BpfilterError('not-expressible', `BTF of ${places.join(' and ')}: no ${what}`);
}

/**
 * Reads the kernel's BTF for the wanted names, some 10 ms. `open` ENOENT: the kernel was built without
 * (CONFIG_DEBUG_INFO_BTF).
 */
export function readBtf(wanted: BtfWanted, options: KernelBtfOptions = {}): KernelBtf {
  const { folder = '/sys/kernel/btf', modules = [] } = options;
  const kernel = parseBtf(bytesOf(join(folder, 'vmlinux')), wanted);
  const places = ['vmlinux'];
  const files = [kernel];
  for (const module of modules) {
    const structs = wanted.structs.filter((name) => files.every((btf) => btf.find('struct', name) === undefined));
    if (structs.length === 0) break;
    const btf = moduleBtf(join(folder, module), { structs, functions: [] }, kernel);
    if (btf === undefined) continue;
    files.push(btf);
    places.push(module);
  }
  const owner = (struct: string): Btf | undefined => files.find((btf) => btf.find('struct', struct) !== undefined);
  return {
    member: (struct, path) => owner(struct)?.member(struct, path),
    structSize: (struct) => owner(struct)?.structSize(struct),
    find: (kind, name) => kernel.find(kind, name),
    memberOffset(struct, path) {
      const btf = owner(struct);
      if (btf === undefined) return absent(`struct ${struct}`, places);
      return btf.member(struct, path)?.offset ?? absent(`member ${path} in struct ${struct}`, places);
    },
    // A program can name types of a module only along with a descriptor of its BTF, and not at all to bpf_rdonly_cast.
    typeId: (kind, name) => kernel.find(kind, name) ?? absent(`${kind} ${name}`, ['vmlinux']),
  };
}
