import { Random } from '../../drills/random.ts';

/** How many times as long as usual: DRILL_ROUNDS. (BPFILTER_TRANSPORT, too, reaches what is drilled.) */
const factor = Math.max(1, Number(process.env.DRILL_ROUNDS) || 1);

/** How many rounds of a drill to go, and milliseconds to allow for them. */
export function rounds(usual: number): number {
  return usual * factor;
}

/**
 * Runs a drill with random choices. When it fails, the error names the seed; DRILL_SEED takes it and
 * repeats the choices, though not the machine's timing.
 */
export async function drill(work: (random: Random) => Promise<void>): Promise<void> {
  const seed = Number(process.env.DRILL_SEED) || Math.floor(Math.random() * 2 ** 31) + 1;
  try {
    await work(new Random(seed));
  } catch (error) {
    if (error instanceof Error) error.message = `DRILL_SEED=${seed}: ${error.message}`;
    throw error;
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
