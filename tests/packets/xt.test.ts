import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import { describePackets } from './describe-packets.ts';
import { taken } from './matching.ts';
import { xtCases } from './xt-cases.ts';
import { xtRawCases } from './xt-raw-cases.ts';

describe.skipIf(reason !== undefined)(titled("packets meet the kernel's own matches as in ip_tables", reason), () => {
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(Object.values(xtCases).flat());
  }, 240_000);

  for (const [extension, cases] of Object.entries(xtCases)) {
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

describePackets({ 'revisions and matches that iptables has no words for': xtRawCases });
