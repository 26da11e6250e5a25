import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import type { PacketCase } from './case.ts';

/** A test for each case, all that end in one namespace each way: what ours did is what the kernel did. */
export function describePackets(groups: Readonly<Record<string, readonly PacketCase[]>>): void {
  for (const [group, cases] of Object.entries(groups)) {
    describe.skipIf(reason !== undefined)(titled(`${group}: as in the kernel`, reason), () => {
      let results: ReadonlyMap<string, BothResults> = new Map();
      beforeAll(() => {
        results = runBothWays(cases);
      }, 120_000);

      it.each(cases)('$title', ({ title }) => {
        const both = results.get(title);
        if (both === undefined) throw new Error('no result');
        expect(both.ours).toEqual(both.native);
        expect(refusals(both.native)).toEqual([]);
      });
    });
  }
}
