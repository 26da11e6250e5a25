import { killHard } from '../../drills/processes.ts';
import type { Random } from '../../drills/random.ts';
import { sleep } from './drill.ts';
import type { ServedShell } from './served-shell.ts';

/** The shim gives a request to four drivers at most: killing more of them within one command makes it fail, by design. */
const mostKillsInCommand = 3;
/** Milliseconds from a driver's start; its start, one command and a part of the next take about so long. */
const longestLife = 300;

/**
 * Kills the shell's drivers with SIGKILL, each at a random moment of its life: while it starts, in a
 * request, between two. Returns when `wanted` are killed, or as soon as `stopped` says so.
 */
export async function killDrivers(
  shell: ServedShell,
  random: Random,
  wanted: number,
  stopped: () => boolean,
): Promise<number> {
  let killed = 0;
  let last: number | undefined;
  let command = 0;
  let inCommand = 0;
  while (killed < wanted && !stopped()) {
    const driver = shell.driver;
    if (driver === undefined || driver === last) {
      await sleep(1);
      continue;
    }
    await sleep(random.below(longestLife));
    if (shell.commands !== command) {
      command = shell.commands;
      inCommand = 0;
    }
    if (inCommand === mostKillsInCommand) continue;
    if (killHard(driver)) {
      killed += 1;
      inCommand += 1;
    }
    last = driver;
  }
  return killed;
}
