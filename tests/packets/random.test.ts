import { beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import type { PacketCase } from './case.ts';
import { randomFrom } from './random.ts';
import { randomPackets } from './random-packets.ts';
import { randomRules } from './random-rules.ts';

/** The first seed and how many: set to look further than a test run does. */
const first = Number(process.env.BPFILTER_TEST_SEED ?? 1);
const count = Number(process.env.BPFILTER_TEST_CASES ?? 60);
const packetsEach = 40;

function randomCase(seed: number): PacketCase & { readonly restore: string } {
  const random = randomFrom(seed);
  const restore = randomRules(random);
  return {
    title: `seed ${seed}`,
    restore,
    brief: true,
    steps: [{ restore }, { send: randomPackets(random, packetsEach) }],
  };
}

/** Rules with both counters where they differ, and packets whose fate does. */
function differences({ native, ours }: BothResults, restore: string): readonly string[] {
  const found: string[] = [];
  for (const [name, counters] of Object.entries(native.counters)) {
    const mine = ours.counters[name as keyof typeof ours.counters] ?? [];
    counters.forEach((counter, at) => {
      if (counter !== mine[at]) found.push(`${name} entry ${at}: kernel ${counter}, ours ${mine[at]}`);
    });
  }
  const [, kernelSent] = native.steps;
  const [, mineSent] = ours.steps;
  if (kernelSent !== undefined && 'sent' in kernelSent && mineSent !== undefined && 'sent' in mineSent) {
    kernelSent.sent.forEach((one, at) => {
      const other = JSON.stringify(mineSent.sent[at]);
      if (JSON.stringify(one) !== other) found.push(`packet ${at}: kernel ${JSON.stringify(one)}, ours ${other}`);
    });
  }
  return found.length === 0 ? [] : [...found, restore];
}

describe.skipIf(reason !== undefined)(titled('random rules and packets: as in the kernel', reason), () => {
  const cases = Array.from({ length: count }, (_, at) => randomCase(first + at));
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(cases);
  }, 120_000);

  it.each(cases)('$title', ({ title, restore }) => {
    const both = results.get(title);
    if (both === undefined) throw new Error('no result');
    expect(refusals(both.native)).toEqual([]);
    expect(differences(both, restore)).toEqual([]);
    expect(both.ours).toEqual(both.native);
  });
});
