import { decodeTable } from '../../rules/blob/decode.ts';
import { type EncodedTable, encodeTable } from '../../rules/blob/encode.ts';
import { errorNameOffset, extensionName, extensionRevision, verdictOffset } from '../../rules/blob/layout.ts';
import { findEntry } from '../../rules/blob/reach.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';

/** struct xt_standard_target up to the end of its verdict: the rest is padding. */
const verdictEnd = verdictOffset + 4;
/** XT_FUNCTION_MAXNAMELEN (linux/netfilter/x_tables.h). */
const longestChain = 30;

/**
 * An accepted table, decoded and encoded, is the same table: entry by entry the same bytes, but for those that mean
 * nothing (nfcache, comefrom, what stands behind a name's NUL, padding, a head's conditions and gaps between entries).
 * Gives what differs, or undefined. `twice`: encoded once more, it must be the same to the last byte.
 */
export function roundTripProblem(view: BlobView, twice: boolean): string | undefined {
  const encoded = encodeTable(decodeTable(view));
  if (!twice && isSame(view, encoded)) return undefined;
  const again = viewTable(view.table, encoded.entries, encoded);
  const difference = differenceOf(view, again);
  if (difference !== undefined) return `encoded, ${difference}`;
  if (!twice) return undefined;
  const bytes = Buffer.from(encodeTable(decodeTable(again)).entries);
  return bytes.equals(encoded.entries) ? undefined : 'encoded a second time, it is another';
}

/** To the last byte, as most are. */
function isSame(view: BlobView, encoded: EncodedTable): boolean {
  const { entries, hookEntry, underflow } = view;
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.length);
  return (
    bytes.equals(encoded.entries) &&
    hookEntry.every((at, hook) => at === encoded.hookEntry[hook]) &&
    underflow.every((at, hook) => at === encoded.underflow[hook])
  );
}

/** Where two tables don't mean the same, or undefined. */
export function differenceOf(view: BlobView, again: BlobView): string | undefined {
  if (again.offsets.length !== view.offsets.length) return `${view.offsets.length} entries are ${again.offsets.length}`;
  const heads = new Set(view.chains.map(({ head }) => head));
  heads.add(view.offsets.length - 1);
  for (let index = 0; index < view.offsets.length; index += 1) {
    const same = heads.has(index)
      ? index === view.offsets.length - 1 || nameAt(view, index) === nameAt(again, index)
      : meaningOf(view, index).equals(meaningOf(again, index));
    if (!same) return `entry ${index} is another`;
  }
  for (const which of ['hookEntry', 'underflow'] as const) {
    for (const [hook, at] of view[which].entries()) {
      if (findEntry(view.offsets, at) !== findEntry(again.offsets, again[which][hook] ?? 0))
        return `${which} ${hook} is another`;
    }
  }
  return undefined;
}

function targetOf({ entries, offsets, layout }: BlobView, index: number): number {
  const at = offsets[index] ?? 0;
  return at + sizeAt(entries, at + layout.targetOffset);
}

function sizeAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

/** Without what stands behind the NUL, if there is one. */
function textLength(bytes: Uint8Array, start: number, end: number): number {
  const nul = bytes.indexOf(0, start);
  return nul < 0 || nul > end ? end - start : nul - start;
}

function nameAt(view: BlobView, index: number): string {
  const { entries } = view;
  const start = targetOf(view, index) + errorNameOffset;
  const name = entries.subarray(start, start + textLength(entries, start, start + longestChain));
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
}

/** A rule's bytes, those that mean nothing as zeros, and the entry that it jumps to instead of its offset. */
function meaningOf(view: BlobView, index: number): Buffer {
  const { entries, offsets, layout } = view;
  const at = offsets[index] ?? 0;
  const target = targetOf(view, index);
  const bytes = Buffer.from(entries.subarray(at, target + sizeAt(entries, target)));
  bytes.fill(0, layout.nfcache, layout.nfcache + 4);
  bytes.fill(0, layout.comefrom, layout.comefrom + 4);
  bytes.fill(0, layout.nextOffset, layout.nextOffset + 2);
  for (let extension = at + layout.entry; extension <= target; extension += sizeAt(entries, extension)) {
    const start = extension + extensionName;
    const end = extension + extensionRevision;
    bytes.fill(0, start - at + textLength(entries, start, end), end - at);
    if (extension === target) break;
  }
  if (entries[target + extensionName] === 0) {
    const place = target - at + verdictOffset;
    const verdict = bytes.readInt32LE(place);
    if (verdict > 0) bytes.writeInt32LE(findEntry(offsets, verdict), place);
    bytes.fill(0, target - at + verdictEnd);
  }
  return bytes;
}
