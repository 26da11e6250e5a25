import { errno } from '../../../protocol/errno.ts';
import { syscallError } from '../../fail.ts';
import { addressOf, lastErrno } from '../../koffi.ts';
import { bpfQuiet } from '../bpf-call.ts';

/** The value at `key`, `valueSize` bytes, which must be as many as the map's; undefined: none there. */
export function lookupElement(map: number, key: Uint8Array, valueSize: number): Uint8Array | undefined {
  const value = new Uint8Array(valueSize);
  const attr = Buffer.alloc(24);
  attr.writeInt32LE(map, 0);
  attr.writeBigUInt64LE(addressOf(key), 8);
  attr.writeBigUInt64LE(addressOf(value), 16);
  if (bpfQuiet('BPF_MAP_LOOKUP_ELEM', attr) >= 0) return value;
  const error = lastErrno();
  if (error === errno.ENOENT) return undefined;
  throw syscallError('bpf', error, `BPF_MAP_LOOKUP_ELEM, fd ${map}`);
}
