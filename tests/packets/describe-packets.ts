import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { missing, titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import type { PacketCase } from './case.ts';
import { type MatchCase, taken } from './matching.ts';

type Groups<Case> = Readonly<Record<string, readonly Case[]>>;

/** A test for each case, all of a group in one namespace each way: what ours did is what the kernel did. */
export function describePackets(groups: Groups<PacketCase>): void {
  for (const [group, cases] of Object.entries(groups)) {
    withResults(`${group}: as in the kernel`, cases, (resultsOf) => {
      it.for(cases)('$title', (one, context) => sameAsKernel(one, resultsOf(one.title), context));
    });
  }
}

/** The same for rules that are there to tell packets apart: each takes what it should. */
export function describeMatches(groups: Groups<MatchCase>): void {
  for (const [group, cases] of Object.entries(groups)) {
    withResults(`${group}: packets meet it as in the kernel`, cases, (resultsOf) => eachMatch(cases, resultsOf));
  }
}

/** The same for many small groups, all of them in one namespace each way. */
export function describeMatchesTogether(title: string, groups: Groups<MatchCase>): void {
  withResults(title, Object.values(groups).flat(), (resultsOf) => {
    for (const [group, cases] of Object.entries(groups)) describe(group, () => eachMatch(cases, resultsOf));
  });
}

type ResultsOf = (title: string) => BothResults;

function withResults(title: string, cases: readonly PacketCase[], define: (resultsOf: ResultsOf) => void): void {
  describe.skipIf(reason !== undefined)(titled(title, reason), () => {
    let results: ReadonlyMap<string, BothResults> = new Map();
    beforeAll(() => {
      results = runBothWays(cases);
    }, 240_000);

    define((wanted) => {
      const both = results.get(wanted);
      if (both === undefined) throw new Error('no result');
      return both;
    });
  });
}

function eachMatch(cases: readonly MatchCase[], resultsOf: ResultsOf): void {
  it.for(cases)('$title', (one, context) => {
    const both = resultsOf(one.title);
    sameAsKernel(one, both, context);
    expect(taken(both)).toBe(one.takes);
  });
}

function sameAsKernel({ needsXt = false }: PacketCase, { native, ours }: BothResults, context: TestContext): void {
  if (needsXt) skipNetlinkOnly(context, missing('netlink'));
  skipNetlinkOnly(context, ours.netlinkOnly);
  expect(ours).toEqual(native);
  expect(refusals(native)).toEqual([]);
}
