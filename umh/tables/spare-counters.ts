import { countersFileSize, encodeCounters, type StoredCounters } from '../store/counters-file.ts';
import type { StateFiles } from '../store/files.ts';
import { stateName } from '../store/state-names.ts';
import type { TableId } from '../table-id.ts';

/** Room is made in such steps: most changes need no more than there is. */
const STEP = 4096;
/** A file of so much more than is needed is made anew. */
const MOST_WASTED = 1 << 14;

/**
 * Makes room for counters of so many entries, as often as need be: the file that is in place and the spare one change
 * places with every change of them, and both get to be large enough. `now`: the counters in place, should they have no
 * file yet.
 */
export function reserveCounters(files: StateFiles, id: TableId, entries: number, now: StoredCounters): void {
  const [spare, place] = [stateName.spareCounters(id), stateName.counters(id)];
  const wanted = countersFileSize(entries);
  const size = Math.ceil(wanted / STEP) * STEP;
  const before = files.size(spare);
  if (before === undefined || before > size + MOST_WASTED) files.replace(spare, [], size);
  else if (before < wanted) files.extend(spare, size);
  const present = files.size(place);
  if (present === undefined) files.replace(place, encodeCounters(now), size);
  else if (present < wanted) files.extend(place, size);
}

/** Puts counters in place: whole or not at all, without new room where that was reserved. */
export function putCounters(files: StateFiles, id: TableId, counters: StoredCounters): void {
  const [spare, place] = [stateName.spareCounters(id), stateName.counters(id)];
  if (files.exists(spare)) {
    files.overwrite(spare, 0, encodeCounters(counters));
    files.exchange(spare, place);
  } else {
    files.replace(place, encodeCounters(counters));
  }
}
