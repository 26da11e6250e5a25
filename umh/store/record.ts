import { crc32 } from 'node:zlib';
import { BpfilterError } from '../../protocol/error.ts';

/**
 * The frame of every state file, host-endian:
 *
 *     0  u32  magic "BPFS"
 *     4  u16  format version
 *     6  u16  kind
 *     8  u32  bytes of meta (JSON)
 *    12  u32  bytes of body
 *    16  u32  crc32 of the 16 bytes before it, then meta
 *    20  u32  crc32 of body
 *    24       meta, body
 *
 * Bytes behind the body are allowed: a record may stand in a file that was reserved larger.
 */
const MAGIC = 0x53465042;
const FORMAT_VERSION = 1;
const HEADER = 24;

const recordKind = { table: 1, counters: 2, journal: 3, tables: 4, handles: 5 } as const;
export type RecordKind = keyof typeof recordKind;

export interface StateRecord {
  readonly meta: unknown;
  readonly body: Uint8Array;
}

function headerOf(kind: RecordKind, meta: Uint8Array, bodyLength: number, bodySum: number): Uint8Array {
  const header = new Uint8Array(HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, FORMAT_VERSION, true);
  view.setUint16(6, recordKind[kind], true);
  view.setUint32(8, meta.length, true);
  view.setUint32(12, bodyLength, true);
  view.setUint32(16, crc32(meta, crc32(header.subarray(0, 16))), true);
  view.setUint32(20, bodySum, true);
  return header;
}

/**
 * A record as parts to write one after the other (the body isn't copied). `metaRoom` pads the meta with
 * spaces to that many bytes, so that it can be overwritten in place by another.
 */
export function encodeRecord(
  kind: RecordKind,
  meta: object,
  body: readonly Uint8Array[] = [],
  metaRoom = 0,
): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(meta).padEnd(metaRoom));
  let length = 0;
  let sum = 0;
  for (const part of body) {
    length += part.length;
    sum = crc32(part, sum);
  }
  return [headerOf(kind, text, length, sum), text, ...body];
}

/** Bytes that a record of this meta room and body takes. */
export function recordSize(metaRoom: number, bodyLength: number): number {
  return HEADER + metaRoom + bodyLength;
}

/** Bytes of the record that `bytes` begin with, which was read back. */
export function recordLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return HEADER + view.getUint32(8, true) + view.getUint32(12, true);
}

function broken(what: string): BpfilterError {
  return new BpfilterError('state', what);
}

/** Reads a record back; throws BpfilterError('state') saying what is wrong with bytes that can't be believed. */
export function decodeRecord(kind: RecordKind, bytes: Uint8Array): StateRecord {
  if (bytes.length < HEADER) throw broken(`torn: ${bytes.length} bytes, a header has ${HEADER}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) throw broken('not a state file of bpfilter');
  const version = view.getUint16(4, true);
  if (version !== FORMAT_VERSION) throw broken(`format version ${version}, this driver reads ${FORMAT_VERSION}`);
  const found = view.getUint16(6, true);
  if (found !== recordKind[kind]) throw broken(`kind ${found}, wanted ${recordKind[kind]} (${kind})`);
  const metaEnd = HEADER + view.getUint32(8, true);
  const end = metaEnd + view.getUint32(12, true);
  if (bytes.length < end) throw broken(`torn: ${bytes.length} bytes of ${end}`);
  const meta = bytes.subarray(HEADER, metaEnd);
  if (crc32(meta, crc32(bytes.subarray(0, 16))) !== view.getUint32(16, true))
    throw broken('checksum of the header is wrong');
  const body = bytes.subarray(metaEnd, end);
  if (crc32(body) !== view.getUint32(20, true)) throw broken('checksum of the contents is wrong');
  return { meta: JSON.parse(Buffer.from(meta).toString('utf8')), body };
}
