import { type FieldType, littleEndian, unfit } from './field.ts';

type Put = (view: DataView, offset: number, value: number) => void;

function integer(
  primitive: 'uint8' | 'uint16le' | 'uint16be' | 'uint32le' | 'uint32be' | 'int32le' | 'int32be',
  size: number,
  min: number,
  put: Put,
): FieldType<number> {
  const max = min + 2 ** (8 * size) - 1;
  return {
    size,
    align: size,
    primitive,
    declare: (parser, name) => void parser[primitive](name),
    put(view, offset, value, label) {
      if (!Number.isInteger(value) || value < min || value > max)
        unfit(label, `an integer from ${min} to ${max}`, value);
      put(view, offset, value);
    },
  };
}

/** unsigned char, __u8, bool. */
export const u8 = integer('uint8', 1, 0, (view, offset, value) => view.setUint8(offset, value));
/** __u16, host-endian. */
export const u16 = integer(littleEndian ? 'uint16le' : 'uint16be', 2, 0, (view, offset, value) =>
  view.setUint16(offset, value, littleEndian),
);
/** __u32 and unsigned int, host-endian. */
export const u32 = integer(littleEndian ? 'uint32le' : 'uint32be', 4, 0, (view, offset, value) =>
  view.setUint32(offset, value, littleEndian),
);
/** int, host-endian. */
export const i32 = integer(littleEndian ? 'int32le' : 'int32be', 4, -(2 ** 31), (view, offset, value) =>
  view.setInt32(offset, value, littleEndian),
);
/** __be16, read as a host number (a port: 80 is 80). */
export const be16 = integer('uint16be', 2, 0, (view, offset, value) => view.setUint16(offset, value));
/** __be32 and struct in_addr, read as a host number (127.0.0.1 is 0x7f000001). */
export const be32 = integer('uint32be', 4, 0, (view, offset, value) => view.setUint32(offset, value));

/** __u64, unsigned long and pointers of a 64-bit kernel, host-endian; a bigint. */
export const u64: FieldType<bigint> = {
  size: 8,
  align: 8,
  primitive: littleEndian ? 'uint64le' : 'uint64be',
  declare: (parser, name) => void parser[littleEndian ? 'uint64le' : 'uint64be'](name),
  put(view, offset, value, label) {
    if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) unfit(label, 'a bigint from 0 to 2^64-1', value);
    view.setBigUint64(offset, value, littleEndian);
  },
};
