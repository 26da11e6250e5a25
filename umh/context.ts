import type { DataPlane } from './dataplane/data-plane.ts';
import type { StateLock } from './lock/state-lock.ts';
import type { Log } from './log.ts';
import type { Epoch } from './store/epoch.ts';
import type { StateFiles } from './store/files.ts';
import type { WholeNotes } from './store/whole-file.ts';

/** All that the driver touches outside itself; tests hand it doubles. */
export interface DriverContext {
  /** Which shim this driver serves: hex digits (protocol/shim-names.ts). */
  readonly client: string;
  readonly files: StateFiles;
  readonly epoch: Epoch;
  readonly whole: WholeNotes;
  readonly lock: StateLock;
  readonly plane: DataPlane;
  readonly log: Log;
  /** A name that no instance of a table had before: hex digits. */
  readonly newInstance: () => string;
  /** The state folder's path, for people. */
  readonly stateFolder: string;
}
