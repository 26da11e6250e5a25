import { littleEndian } from '../../protocol/field.ts';
import { XT_ERROR_TARGET } from '../../protocol/x-tables.ts';
import {
  type BlobLayout,
  errorNameOffset,
  errorTargetSize,
  extensionHeader,
  extensionName,
  extensionRevision,
  verdictOffset,
} from './layout.ts';

/**
 * Reads single fields of entries, matches and targets at byte offsets. Bounds are the caller's
 * business: `walkEntries` checks an entry before anything else is asked about it.
 */
export class BlobBytes {
  readonly bytes: Uint8Array;
  readonly layout: BlobLayout;
  readonly #view: DataView;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array, layout: BlobLayout) {
    this.bytes = bytes;
    this.layout = layout;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, littleEndian);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, littleEndian);
  }

  /** target_offset of the entry at `entry`, from the entry's start. */
  targetOffset(entry: number): number {
    return this.u16(entry + this.layout.targetOffset);
  }

  /** next_offset: the entry's length, matches and target included. */
  nextOffset(entry: number): number {
    return this.u16(entry + this.layout.nextOffset);
  }

  protocol(entry: number): number {
    return this.u16(entry + this.layout.protocol);
  }

  inverted(entry: number): number {
    return this.bytes[entry + this.layout.inverted] ?? 0;
  }

  /** match_size or target_size. */
  extensionSize(at: number): number {
    return this.u16(at);
  }

  /** Name of a match or target; 29 characters when it has no NUL. */
  extensionName(at: number): string {
    return this.#text(at + extensionName, at + extensionRevision);
  }

  extensionRevision(at: number): number {
    return this.bytes[at + extensionRevision] ?? 0;
  }

  /** The bytes behind the 32-byte header; they alias the blob. */
  extensionData(at: number): Uint8Array {
    return this.bytes.subarray(at + extensionHeader, at + this.extensionSize(at));
  }

  /** strcmp(name, XT_STANDARD_TARGET) == 0. */
  isStandard(target: number): boolean {
    return this.bytes[target + extensionName] === 0;
  }

  /** strcmp(name, XT_ERROR_TARGET) == 0. */
  isError(target: number): boolean {
    for (let index = 0; index < XT_ERROR_TARGET.length; index += 1) {
      if (this.bytes[target + extensionName + index] !== XT_ERROR_TARGET.charCodeAt(index)) return false;
    }
    return this.bytes[target + extensionName + XT_ERROR_TARGET.length] === 0;
  }

  verdict(target: number): number {
    return this.#view.getInt32(target + verdictOffset, littleEndian);
  }

  /** errorname of an ERROR target: the chain's name; as long as its room when it has no NUL. */
  errorName(target: number, room: number): string {
    return this.#text(target + errorNameOffset, target + Math.min(errorNameOffset + room, errorTargetSize));
  }

  /** unconditional() of ip_tables.c: no matches, and a header of zeros. */
  isUnconditional(entry: number): boolean {
    if (this.targetOffset(entry) !== this.layout.entry) return false;
    for (let at = entry; at < entry + this.layout.header; at += 4) {
      if (this.#view.getUint32(at, littleEndian) !== 0) return false;
    }
    return true;
  }

  #text(start: number, end: number): string {
    let stop = start;
    while (stop < end && this.bytes[stop] !== 0) stop += 1;
    return this.#buffer.toString('latin1', start, stop);
  }
}
