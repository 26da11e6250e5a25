import type { Arena, Done } from './arena.ts';
import type { Random } from './random.ts';

/** What a drill's attack works with. */
export interface Attack {
  readonly arena: Arena;
  readonly random: Random;
  /** The time is over. */
  stopped(): boolean;
  /** Sleeps, but not beyond the end. */
  pause(milliseconds: number): Promise<void>;
  /** One more kill, stop, unload … was done. */
  struck(): void;
}

/**
 * What a command that failed means: a fault; refused, so that the table must be as before; or cut off, so that
 * it is as before or as after.
 */
export type Verdict = 'fault' | 'refused' | 'cut off';

export interface Drill {
  readonly name: string;
  /** What is done to whom, in a line. */
  readonly what: string;
  /** Commands that are given at once; 4 unless said otherwise. */
  readonly callers?: number;
  /** Needs a mount namespace of its own. */
  readonly mounts?: true;
  /** Not shown and not run by `all`: it is there to fail. */
  readonly hidden?: true;
  /**
   * Why counters may be lost: iptables replaces a table, which starts them anew, and adds the old ones by a request
   * of its own. Between the two they are its alone, natively too.
   */
  readonly countersMayGo?: string;
  /** Why it can't run here; undefined where it can. */
  readonly whyNot?: () => string | undefined;
  /** What is to be made in `folder` before the shim starts, and variables of its environment. */
  readonly prepare?: (folder: string, seed: number) => Readonly<Record<string, string>>;
  /** Goes on until the time is over; leaves nothing behind that disturbs. */
  readonly attack: (attack: Attack) => Promise<void>;
  readonly judge?: (done: Done) => Verdict;
}
