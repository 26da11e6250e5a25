import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { reason, tablesCarried } from './both-ways.ts';
import { describeProblems, runSeeds, type SeedResult } from './check.ts';
import { bpfCaseOf } from './seeds.ts';

/** As of differential.test.ts; `make differential BACKEND=bpf SEEDS=…` looks further. */
const first = Number(process.env.BPFILTER_TEST_SEED ?? 1);
const count = Number(process.env.BPFILTER_TEST_CASES ?? 15);
const minutes = 60_000;

describe.skipIf(reason !== undefined)(titled('random rules that BPF carries: as in the kernel', reason), () => {
  const seeds = Array.from({ length: count }, (_, at) => first + at);
  let results: ReadonlyMap<number, SeedResult> = new Map();
  beforeAll(async () => {
    results = new Map((await runSeeds(seeds, bpfCaseOf)).map((result) => [result.seed, result]));
  }, 10 * minutes);

  it.each(seeds)('seed %i', { timeout: 5 * minutes }, async (seed) => {
    const result = results.get(seed);
    if (result === undefined) throw new Error('no result');
    if (result.problems.length > 0) expect.fail(await describeProblems(result));
  });

  it('BPF carried every table', () => {
    expect(tablesCarried.byBpf).toBe(tablesCarried.all);
    expect(tablesCarried.all).toBeGreaterThanOrEqual(4 * count);
  });
});
