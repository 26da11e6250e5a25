import { beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../harness/random.ts';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import { differences } from './differences.ts';
import { randomPackets } from './random-packets.ts';
import { randomRules } from './random-rules.ts';
import { caseOf, type Finding, shrink } from './shrink.ts';

/** The first seed and how many: set to look further than a test run does. */
const first = Number(process.env.BPFILTER_TEST_SEED ?? 1);
const count = Number(process.env.BPFILTER_TEST_CASES ?? 60);
const packetsEach = 40;
const minutes = 60_000;

function findingOf(seed: number): Finding & { readonly title: string } {
  const random = randomFrom(seed);
  return { title: `seed ${seed}`, restore: randomRules(random), packets: randomPackets(random, packetsEach) };
}

function firstBad(candidates: readonly Finding[]): Finding | undefined {
  const results = runBothWays(candidates.map((one, at) => caseOf(`${at}`, one)));
  return candidates.find((_, at) => {
    const both = results.get(`${at}`);
    return both !== undefined && differences(both).length > 0;
  });
}

/** The differences, and the smallest rules and packets that show one. */
function report(found: readonly string[], finding: Finding): string {
  const { restore, packets } = smallest(finding);
  const rules = restore.split('\n').filter((line) => /^-A|^\*|^:\w+ DROP/.test(line));
  return [...found.slice(0, 10), ...rules, ...packets.map(({ at, bytes }) => `${at}: ${bytes}`)].join('\n');
}

/** What can't be made smaller, because it doesn't happen twice or a run fails, comes back whole. */
function smallest(finding: Finding): Finding {
  try {
    return shrink(finding, firstBad);
  } catch {
    return finding;
  }
}

describe.skipIf(reason !== undefined)(titled('random rules and packets: as in the kernel', reason), () => {
  const cases = Array.from({ length: count }, (_, at) => findingOf(first + at));
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(cases.map((one) => caseOf(one.title, one)));
  }, 5 * minutes);

  it.each(cases)('$title', { timeout: 5 * minutes }, (one) => {
    const both = results.get(one.title);
    if (both === undefined) throw new Error('no result');
    expect(refusals(both.native)).toEqual([]);
    const found = differences(both);
    if (found.length > 0) expect.fail(report(found, one));
    expect(both.ours).toEqual(both.native);
  });
});
