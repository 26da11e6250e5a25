import { addressOf } from '../koffi.ts';
import { bpf } from './bpf-call.ts';
import { writeObjectName } from './object-name.ts';

/** enum bpf_map_type, include/uapi/linux/bpf.h */
export const BPF_MAP_TYPE_ARRAY = 2;

/** Flag of an array map: mmap(2) shows its values. */
export const BPF_F_MMAPABLE = 1 << 10;

const create = { map_type: 0, key_size: 4, value_size: 8, max_entries: 12, map_flags: 16, map_name: 28, size: 48 };
const element = { map_fd: 0, key: 8, value: 16, size: 24 };

export interface MapDefinition {
  /** BPF_MAP_TYPE_* */
  readonly type: number;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes. */
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* */
  readonly flags?: number;
  /** At most 15 of letters, digits, `_` and `.`; shown by bpftool and `mapInfo`. */
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

/**
 * Puts one element in, or in the place of one with its key. The kernel takes as many bytes as the map's key and value
 * have, whatever `key` and `value` have: they must be as long. E2BIG: full, or an index past an array's end.
 */
export function updateElement(map: number, key: Uint8Array, value: Uint8Array): void {
  const attr = Buffer.alloc(element.size);
  attr.writeInt32LE(map, element.map_fd);
  attr.writeBigUInt64LE(addressOf(key), element.key);
  attr.writeBigUInt64LE(addressOf(value), element.value);
  bpf('BPF_MAP_UPDATE_ELEM', attr, `fd ${map}`);
}
