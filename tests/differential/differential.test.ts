import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { reason } from './both-ways.ts';
import { describeProblems, runSeeds, type SeedResult } from './check.ts';

/** The first seed and how many: set to look further than a test run does (or `make differential SEEDS=…`). */
const first = Number(process.env.BPFILTER_TEST_SEED ?? 1);
const count = Number(process.env.BPFILTER_TEST_CASES ?? 20);
const minutes = 60_000;

describe.skipIf(reason !== undefined)(titled('random rules and packets: as in the kernel', reason), () => {
  const seeds = Array.from({ length: count }, (_, at) => first + at);
  let results: ReadonlyMap<number, SeedResult> = new Map();
  beforeAll(async () => {
    results = new Map((await runSeeds(seeds)).map((result) => [result.seed, result]));
  }, 10 * minutes);

  it.each(seeds)('seed %i', { timeout: 5 * minutes }, async (seed) => {
    const result = results.get(seed);
    if (result === undefined) throw new Error('no result');
    if (result.problems.length > 0) expect.fail(await describeProblems(result));
  });

  it('most seeds let packets through, and connections be made', () => {
    const outcomes = [...results.values()].map(({ outcome }) => outcome.native);
    const emitted = outcomes.filter(({ packets }) => packets.some((text) => !text.includes('"emitted":[]')));
    expect(emitted.length).toBeGreaterThan(count / 2);
    expect(outcomes.filter(({ connections }) => connections.length > 0).length).toBeGreaterThan(count / 4);
  });

  it('few seeds are such that the kernel differs from itself', () => {
    expect([...results.values()].filter(({ unsteady }) => unsteady).length).toBeLessThanOrEqual(count / 10);
  });
});
