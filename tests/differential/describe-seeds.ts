import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { reason } from './both-ways.ts';
import type { DifferentialCase } from './case.ts';
import { describeProblems, runSeeds, type SeedResult } from './check.ts';

const minutes = 60_000;
/** The first seed and how many: set to look further than a test run does (or `make differential SEEDS=…`). */
const { BPFILTER_TEST_SEED: first = 1, BPFILTER_TEST_CASES: cases } = process.env;

export interface SeedTests {
  /** Unless BPFILTER_TEST_CASES says another number. */
  readonly count: number;
  readonly toCase: (seed: number) => DifferentialCase;
  /** Why these can't be compared here, though others could. */
  readonly unmet?: string | undefined;
  /** Declares what must be true of all results together. */
  readonly together: (results: () => readonly SeedResult[], count: number) => void;
}

/** Declares a test for each seed: as in the kernel, packet by packet and counter by counter. */
export function describeSeeds(title: string, { count: usual, toCase, unmet, together }: SeedTests): void {
  const count = Number(cases ?? usual);
  const seeds = Array.from({ length: count }, (_, at) => Number(first) + at);
  const missed = reason ?? unmet;
  describe.skipIf(missed !== undefined)(titled(title, missed), () => {
    let results: readonly SeedResult[] = [];
    beforeAll(async () => {
      results = await runSeeds(seeds, toCase);
    }, 10 * minutes);

    it.each(seeds)('seed %i', { timeout: 5 * minutes }, async (seed) => {
      const result = results.find((one) => one.seed === seed);
      if (result === undefined) throw new Error('no result');
      if (result.problems.length > 0) expect.fail(await describeProblems(result));
    });

    together(() => results, count);
  });
}
