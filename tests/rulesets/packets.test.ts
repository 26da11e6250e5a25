import { beforeAll, describe, expect, it } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from '../packets/both-ways.ts';
import { rulesetCases } from './cases.ts';
import { chanceCase, clients, destinations, drawnFlows, withoutChance } from './chance-case.ts';

describe.skipIf(reason !== undefined)(titled('flows through rulesets', reason), () => {
  const cases = [...rulesetCases, chanceCase];
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(cases);
  }, 120_000);

  function resultOf(title: string): BothResults {
    const both = results.get(title);
    if (both === undefined) throw new Error('no result');
    return both;
  }

  it.for(rulesetCases)('$title', ({ title }, context) => {
    const { native, ours } = resultOf(title);
    skipNetlinkOnly(context, ours.netlinkOnly);
    expect(ours).toEqual(native);
    expect(refusals(native)).toEqual([]);
  });

  it.each(cases)('reached: $title', ({ title, counted }) => {
    const { saved } = resultOf(title).native;
    const reached = saved.split('\n').filter((line) => /^\[[1-9]/.test(line));
    expect(counted.filter((part) => !reached.some((line) => line.includes(part)))).toEqual([]);
  });

  it(chanceCase.title, (context) => {
    const { native, ours } = resultOf(chanceCase.title);
    skipNetlinkOnly(context, ours.netlinkOnly);
    expect(withoutChance(ours)).toEqual(withoutChance(native));
    expect(refusals(native)).toEqual([]);
  });

  it('endpoints are drawn evenly, and stay with their client where the service says so', (context) => {
    const { ours } = resultOf(chanceCase.title);
    skipNetlinkOnly(context, ours.netlinkOnly);
    const seen = destinations(ours);
    const count = (end: string) =>
      seen.filter((one) => one.startsWith(`${clients[0]} `) && one.endsWith(` ${end}`)).length;
    const dns = ['10.244.1.2:53', '10.244.1.3:53'].map(count);
    const sip = [61, 62, 63, 64, 65].map((host) => count(`10.244.1.${host}:5060`));
    // less than once in a million runs further off than this
    expect(Math.min(...dns)).toBeGreaterThan(25);
    expect(Math.min(...sip)).toBeGreaterThan(2);
    for (const counts of [dns, sip]) expect(counts.reduce((sum, one) => sum + one)).toBe(drawnFlows);
    for (const client of clients) {
      const held = seen.filter((one) => one.startsWith(`${client} `) && one.endsWith(':8082'));
      expect(held).toHaveLength(8);
      expect(new Set(held).size).toBe(1);
    }
  });
});
