import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../fail.ts';
import { addressOf, lastErrno } from '../koffi.ts';
import { bpf, bpfQuiet } from './bpf-call.ts';
import { writeObjectName } from './object-name.ts';

/** enum bpf_map_type, include/uapi/linux/bpf.h */
export const BPF_MAP_TYPE_HASH = 1;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_PERCPU_ARRAY = 6;
export const BPF_MAP_TYPE_LPM_TRIE = 11;

/** Map flags. An LPM trie must have BPF_F_NO_PREALLOC; only an array can be BPF_F_MMAPABLE. */
export const BPF_F_NO_PREALLOC = 1;
export const BPF_F_MMAPABLE = 1 << 10;

/** Flags of an update: any, only new, only replacing one. */
export const BPF_ANY = 0;
export const BPF_NOEXIST = 1;
export const BPF_EXIST = 2;

const create = { map_type: 0, key_size: 4, value_size: 8, max_entries: 12, map_flags: 16, map_name: 28, size: 48 };
const element = { map_fd: 0, key: 8, value: 16, flags: 24, size: 32 };
const batch = { keys: 16, values: 24, count: 32, map_fd: 36, elem_flags: 40, size: 56 };

export interface MapDefinition {
  /** BPF_MAP_TYPE_* */
  readonly type: number;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes; a per-CPU map holds that many for each CPU. */
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* */
  readonly flags?: number;
  /** At most 15 of letters, digits, `_` and `.`; shown by bpftool and `objectInfo`. */
  readonly name: string;
}

/** Makes a map; returns its descriptor (closed on exec). EPERM without CAP_BPF, ENOMEM, E2BIG: too large. */
export function createMap(definition: MapDefinition): number {
  const attr = Buffer.alloc(create.size);
  attr.writeUInt32LE(definition.type, create.map_type);
  attr.writeUInt32LE(definition.keySize, create.key_size);
  attr.writeUInt32LE(definition.valueSize, create.value_size);
  attr.writeUInt32LE(definition.maxEntries, create.max_entries);
  attr.writeUInt32LE(definition.flags ?? 0, create.map_flags);
  writeObjectName(attr, create.map_name, definition.name);
  return bpf('BPF_MAP_CREATE', attr, `map ${definition.name}`);
}

function elementAttr(map: number, key: Uint8Array, value: Uint8Array, flags: number): Buffer {
  const attr = Buffer.alloc(element.size);
  attr.writeInt32LE(map, element.map_fd);
  attr.writeBigUInt64LE(addressOf(key), element.key);
  attr.writeBigUInt64LE(addressOf(value), element.value);
  attr.writeBigUInt64LE(BigInt(flags), element.flags);
  return attr;
}

/**
 * Puts one element in. The kernel takes as many bytes as the map's key and value have, whatever `key` and
 * `value` have: they must be as long (a per-CPU value: its size rounded up to 8, for each possible CPU).
 * E2BIG: full, or an index past an array's end; EEXIST, ENOENT: by `flags`.
 */
export function updateElement(map: number, key: Uint8Array, value: Uint8Array, flags = BPF_ANY): void {
  bpf('BPF_MAP_UPDATE_ELEM', elementAttr(map, key, value, flags), `fd ${map}`);
}

/** The value at `key`, `valueSize` bytes (as long as the map's, see `updateElement`); undefined: none there. */
export function lookupElement(map: number, key: Uint8Array, valueSize: number): Uint8Array | undefined {
  const value = new Uint8Array(valueSize);
  const attr = elementAttr(map, key, value, 0);
  if (bpfQuiet('BPF_MAP_LOOKUP_ELEM', attr) >= 0) return value;
  const error = lastErrno();
  if (error === errno.ENOENT) return undefined;
  throw syscallError('bpf', error, `BPF_MAP_LOOKUP_ELEM, fd ${map}`);
}

/**
 * Puts `count` elements in with one call (Linux 5.6; array, hash, LPM trie), in order; `keys` and `values` hold
 * them one after another. Stops at the first that doesn't go in and throws its error, which says how many did.
 * Returns how many went in.
 */
export function updateBatch(map: number, keys: Uint8Array, values: Uint8Array, count: number, flags = BPF_ANY): number {
  const attr = Buffer.alloc(batch.size);
  attr.writeBigUInt64LE(addressOf(keys), batch.keys);
  attr.writeBigUInt64LE(addressOf(values), batch.values);
  attr.writeUInt32LE(count, batch.count);
  attr.writeInt32LE(map, batch.map_fd);
  attr.writeBigUInt64LE(BigInt(flags), batch.elem_flags);
  const result = bpfQuiet('BPF_MAP_UPDATE_BATCH', attr);
  const error = result < 0 ? lastErrno() : 0;
  const done = attr.readUInt32LE(batch.count);
  if (result >= 0) return done;
  // A call that is refused as a whole leaves the count as it was.
  const went = done < count ? done : 0;
  throw syscallError('bpf', error, `BPF_MAP_UPDATE_BATCH, fd ${map}, ${went} of ${count} went in`);
}
