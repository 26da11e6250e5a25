import type { Drill } from './drill.ts';
import { callers50, kill, killAll, slow, stop } from './driver-attacks.ts';
import { closedPipe, garbage, lose, short } from './fault-drills.ts';
import { hoard } from './hoard.ts';
import { killSteps } from './kill-steps.ts';
import { diskFull, forkFailure, memoryLimit, nftKilled } from './machine-drills.ts';
import { callersKilled, shimKilled, unload } from './shim-drills.ts';

/** All drills, in the order in which `all` runs them; hidden ones too. */
export const drills: readonly Drill[] = [
  kill,
  killAll,
  killSteps,
  stop,
  slow,
  garbage,
  short,
  closedPipe,
  memoryLimit,
  forkFailure,
  nftKilled,
  diskFull,
  shimKilled,
  callersKilled,
  callers50,
  unload,
  lose,
  hoard,
];
