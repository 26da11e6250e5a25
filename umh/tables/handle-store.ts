import { BpfilterError } from '../../protocol/error.ts';
import type { DriverContext } from '../context.ts';
import { readBelieved } from '../store/believe.ts';
import { decodeHandles, encodeHandles } from '../store/handles-file.ts';
import { stateName } from '../store/state-names.ts';
import type { TableId } from '../table-id.ts';
import type { HandleBook } from './handle-book.ts';
import type { InForce } from './translator.ts';

/** A file that has grown so much more than it was when it was written whole is written anew; bytes. */
const MOST_APPENDED = 1 << 18;

/** How far a file of handles tells of a table. */
interface Extent {
  readonly upTo: number;
  readonly size: number;
  readonly whole: number;
}

/** By table in force: that the file tells of exactly this one. A table that another driver has changed is another. */
const extents = new WeakMap<InForce, Extent>();

/** The handles of a table in force, if its file tells of all of them. */
export function recallHandles(
  { files, log }: DriverContext,
  id: TableId,
  inForce: InForce,
): ReadonlyMap<number, readonly number[]> | undefined {
  const found = readBelieved(files, log, stateName.handles(id), decodeHandles);
  const { version, nextId } = inForce;
  if (found === undefined || found.instance !== version.instance || found.upTo !== nextId) return undefined;
  extents.set(inForce, { upTo: nextId, size: found.size, whole: found.size });
  return found.handles;
}

/** What a file told was wrong, or may be. */
export function forgetHandles({ files }: DriverContext, id: TableId): void {
  files.remove(stateName.handles(id));
}

/** Brings the file after a change that has taken effect. That it can't be written is no failure: the kernel can be asked. */
export function noteHandles(
  context: DriverContext,
  id: TableId,
  {
    from,
    to,
    book,
  }: { readonly from: InForce | undefined; readonly to: InForce; readonly book: HandleBook | undefined },
): void {
  const { files, log } = context;
  const name = stateName.handles(id);
  const { instance } = to.version;
  const extent = from && from.version.instance === instance ? extents.get(from) : undefined;
  try {
    if (book?.knowsAll !== true) {
      if (files.exists(name)) files.remove(name);
    } else if (extent === undefined || extent.size - extent.whole > MOST_APPENDED) {
      const parts = encodeHandles({ instance, from: 1, upTo: to.nextId, pairs: book.pairs(1) });
      files.replace(name, parts);
      const size = lengthOf(parts);
      extents.set(to, { upTo: to.nextId, size, whole: size });
    } else if (extent.upTo === to.nextId) {
      extents.set(to, extent);
    } else {
      const parts = encodeHandles({ instance, from: extent.upTo, upTo: to.nextId, pairs: book.pairs(extent.upTo) });
      files.overwrite(name, extent.size, [Buffer.concat(parts)]);
      extents.set(to, { ...extent, upTo: to.nextId, size: extent.size + lengthOf(parts) });
    }
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    log.warning(`table ${id.key}: rule handles can't be kept: ${error.message}`);
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
