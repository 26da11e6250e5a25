import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import { describePackets } from './describe-packets.ts';
import { headerCases, headerMatchCases } from './header-cases.ts';
import { taken } from './matching.ts';

for (const [extension, cases] of Object.entries(headerMatchCases)) {
  describe.skipIf(reason !== undefined)(titled(`${extension}: packets meet it as in the kernel`, reason), () => {
    let results: ReadonlyMap<string, BothResults> = new Map();
    beforeAll(() => {
      results = runBothWays(cases);
    }, 240_000);

    it.each(cases)('$title', ({ title, takes }) => {
      const both = results.get(title);
      if (both === undefined) throw new Error('no result');
      expect(both.ours).toEqual(both.native);
      expect(refusals(both.native)).toEqual([]);
      expect(taken(both)).toBe(takes);
    });
  });
}

describePackets(headerCases);
