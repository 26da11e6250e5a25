import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import { matchCases } from './match-cases.ts';
import { taken } from './matching.ts';

describe.skipIf(reason !== undefined)(titled('packets meet each match as in the kernel', reason), () => {
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(Object.values(matchCases).flat());
  }, 120_000);

  for (const [extension, cases] of Object.entries(matchCases)) {
    describe(extension, () => {
      it.each(cases)('$title', ({ title, takes }) => {
        const both = results.get(title);
        if (both === undefined) throw new Error('no result');
        expect(both.ours).toEqual(both.native);
        expect(refusals(both.native)).toEqual([]);
        expect(taken(both)).toBe(takes);
      });
    });
  }
});
