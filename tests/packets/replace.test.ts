import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, runBothWays } from './both-ways.ts';
import { describePackets } from './describe-packets.ts';
import { replaceCases, streamCases } from './replace-cases.ts';

describePackets({ 'counters across replaces': replaceCases });

describe.skipIf(reason !== undefined)(titled('packets during replaces', reason), () => {
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(streamCases);
  }, 120_000);

  it.each(streamCases)('$title', ({ title, countsAll }) => {
    const expected = { leaked: 0, uncounted: countsAll ? 0 : expect.any(Number), status: 0, enough: true };
    expect(results.get(title)?.ours.steps.at(-1)).toEqual(expected);
  });
});
