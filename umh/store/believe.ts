import { BpfilterError } from '../../protocol/error.ts';
import type { Log } from '../log.ts';
import type { StateFiles } from './files.ts';

const MOST_KEPT = 8;

/** Where a file goes that can't be believed: NAME.corrupt-N, the last place again and again. */
function placeFor(files: StateFiles, name: string): string {
  for (let n = 1; n < MOST_KEPT; n++) {
    const place = `${name}.corrupt-${n}`;
    if (!files.exists(place)) return place;
  }
  return `${name}.corrupt-${MOST_KEPT}`;
}

/**
 * Reads a state file; undefined when there is none. One that is torn, corrupt or of another format is
 * set aside for people to look at, logged, and never believed.
 */
export function readBelieved<T>(
  files: StateFiles,
  log: Log,
  name: string,
  decode: (bytes: Uint8Array) => T,
): T | undefined {
  const bytes = files.read(name);
  if (bytes === undefined) return undefined;
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof BpfilterError || error instanceof SyntaxError)) throw error;
    const place = placeFor(files, name);
    files.rename(name, place);
    log.error(`state file ${name} can't be believed, set aside as ${place}`, error);
    return undefined;
  }
}
