import { constants, openSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';

/** A descriptor of the file `path`, for reading and writing, made when it isn't there. Throws `state`. */
export function openStanding(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new BpfilterError('state', `can't open ${path}`, { cause });
  }
}
