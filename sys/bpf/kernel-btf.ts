import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { nodeCallError } from '../fail.ts';
import { mapForGood } from '../mmap.ts';
import { type Btf, parseBtf } from './btf.ts';
import { type BtfMember, findEnumerator, findMember } from './btf-member.ts';

/** What the running kernel says of some of its structs. */
export interface KernelBtf {
  /**
   * Where a member is whose first `size` bytes are to be read, in bytes from the struct's start. Throws
   * `not-expressible` where this kernel has no such member, or has it in fewer bytes or across them.
   */
  memberOffset(struct: string, path: string, size: number): number;
  /** undefined: this kernel has no such struct or member. */
  member(struct: string, path: string): BtfMember | undefined;
  /** What a name in an enum stands for; undefined: this kernel has no such enum or name. */
  enumerator(name: string, enumerator: string): number | undefined;
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
function moduleBtf(path: string, wanted: readonly string[], kernel: Btf): Btf | undefined {
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(path);
  } catch (error) {
    if (error instanceof BpfilterError && error.errno === errno.ENOENT) return undefined;
    throw error;
  }
  return parseBtf(bytes, wanted, kernel);
}

/** Bytes that can be read from a member's first on: a bit field may begin within one, and end in one. */
function readable({ size, bits }: BtfMember): number {
  if (bits === undefined) return size;
  return bits.shift === 0 ? bits.width >> 3 : 0;
}

/**
 * Reads the kernel's BTF for the wanted structs and enums, some 10 ms. `open` ENOENT: the kernel was built without
 * (CONFIG_DEBUG_INFO_BTF).
 */
export function readBtf(wanted: readonly string[], options: KernelBtfOptions = {}): KernelBtf {
  const { folder = '/sys/kernel/btf', modules = [] } = options;
  const kernel = parseBtf(bytesOf(join(folder, 'vmlinux')), wanted);
  const places = ['vmlinux'];
  const files = [kernel];
  for (const module of modules) {
    const missing = wanted.filter((name) =>
      files.every(({ structs, enums }) => !structs.has(name) && !enums.has(name)),
    );
    if (missing.length === 0) break;
    const btf = moduleBtf(join(folder, module), missing, kernel);
    if (btf === undefined) continue;
    files.push(btf);
    places.push(module);
  }
  const absent = (what: string): never => {
    throw new BpfilterError('not-expressible', `BTF of ${places.join(' and ')}: ${what}`);
  };
  const owner = (struct: string): Btf | undefined => files.find(({ structs }) => structs.has(struct));
  const member = (struct: string, path: string): BtfMember | undefined => {
    const btf = owner(struct);
    return btf && findMember(btf, struct, path);
  };
  return {
    member,
    enumerator: (name, enumerator) => {
      const btf = files.find(({ enums }) => enums.has(name));
      return btf && findEnumerator(btf, name, enumerator);
    },
    memberOffset(struct, path, size) {
      if (owner(struct) === undefined) return absent(`no struct ${struct}`);
      const found = member(struct, path) ?? absent(`no member ${path} in struct ${struct}`);
      if (readable(found) < size)
        absent(`expected ${size} bytes of member ${path} in struct ${struct}, found ${readable(found)}`);
      return found.offset;
    },
  };
}
