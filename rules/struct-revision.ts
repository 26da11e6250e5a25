import type { Struct } from '../protocol/struct.ts';
import type { Revision } from './extension.ts';

/** A revision whose Info is the kernel's struct, field by field. */
export function structRevision<Info>(struct: Struct<Info>): Revision<Info> {
  return {
    size: struct.size,
    decode: (data) => struct.read(data),
    encode: (info) => struct.write(info),
  };
}
