import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, runBothWays } from './both-ways.ts';
import { connCases } from './conn-cases.ts';
import { describePackets } from './describe-packets.ts';
import { chanceCase, chances, rolls } from './turn-cases.ts';

describePackets(connCases);

describe.skipIf(reason !== undefined)(titled('statistic --mode random', reason), () => {
  let both: BothResults | undefined;
  beforeAll(() => {
    both = runBothWays([chanceCase]).get(chanceCase.title);
  }, 120_000);

  // six standard deviations: once in 500 million runs
  const room = (chance: number): number => 6 * Math.sqrt(rolls * chance * (1 - chance));

  it.each(['native', 'ours'] as const)('%s takes the share asked for', (way) => {
    const taken = (both?.[way].counters.filter ?? []).map((text) => Number(text.split(':')[0])).slice(1);
    chances.forEach((chance, at) => {
      const [plain = -1, inverted = -1] = taken.slice(2 * at);
      expect(Math.abs(plain - rolls * chance)).toBeLessThan(room(chance));
      expect(Math.abs(inverted - rolls * (1 - chance))).toBeLessThan(room(chance));
    });
  });
});
