import { type Outcome, runBothWays, runIn } from './both-ways.ts';
import type { DifferentialCase } from './case.ts';
import { differences } from './compare.ts';
import { exceedsBpf, unexpectedRefusals } from './known.ts';
import { restoreText } from './ruleset.ts';
import { caseOf, groupOf } from './seeds.ts';
import { shrink } from './shrink.ts';

/** What came of a seed. */
export interface SeedResult {
  readonly seed: number;
  readonly outcome: Outcome;
  /**
   * In what ours differs from the kernel, in words. None when they are alike, or when the kernel differs
   * from itself in a second run: `unsteady` then.
   */
  readonly problems: readonly string[];
  readonly unsteady: boolean;
  /** A table asks for more at once than a program of BPF has room for (docs/bpf.md): refused as a whole, and nothing to compare. */
  readonly exceeded: boolean;
}

/** Runs seeds as cases, those of a group in one namespace each way. */
export async function runSeeds(seeds: readonly number[], toCase = caseOf): Promise<readonly SeedResult[]> {
  const results: SeedResult[] = [];
  for (const group of ['tracked', 'untracked'] as const) {
    const own = seeds.filter((seed) => groupOf(seed) === group);
    if (own.length === 0) continue;
    const outcomes = await runBothWays(own.map(toCase));
    const bad = outcomes.filter(({ native, ours }) => differences(native, ours).length > 0);
    const again =
      bad.length === 0
        ? []
        : await runIn(
            'natively',
            bad.map(({ settled }) => settled),
          );
    for (const [at, outcome] of outcomes.entries()) {
      const second = again.find(({ title }) => title === outcome.settled.title);
      const unsteady = second !== undefined && differences(outcome.native, second).length > 0;
      const exceeded = outcome.native.broken === undefined && exceedsBpf(outcome.ours.broken);
      const problems = [
        // of a table that is refused as a whole, rules are tried by themselves, and none is what it is in company
        ...(exceeded ? [] : unexpectedRefusals(outcome.refused)),
        ...(unsteady || exceeded ? [] : differences(outcome.native, outcome.ours)),
      ];
      results.push({ seed: own[at] ?? 0, outcome, problems, unsteady, exceeded });
    }
  }
  return results.sort((a, b) => a.seed - b.seed);
}

async function firstBad(candidates: readonly DifferentialCase[]): Promise<DifferentialCase | undefined> {
  const outcomes = await runBothWays(candidates);
  return candidates.find((_, at) => {
    const outcome = outcomes[at];
    return outcome !== undefined && differences(outcome.native, outcome.ours).length > 0;
  });
}

/** The differences of a seed, and the smallest rules and packets that show one. */
export async function describeProblems({ outcome, problems }: SeedResult): Promise<string> {
  const differing = differences(outcome.native, outcome.ours).length > 0;
  const nothing = { tables: [], sendings: [], otherRevisions: false };
  const { tables, sendings, otherRevisions } = differing ? await smallest(outcome.settled) : nothing;
  const rules = restoreText(tables)
    .split('\n')
    .filter((line) => /^-A|^\*|^:\w+ DROP/.test(line));
  return [
    ...problems.slice(0, 10),
    ...(otherRevisions ? ['in other revisions:'] : []),
    ...rules,
    ...sendings.map((sending) => JSON.stringify(sending)),
  ].join('\n');
}

/** What can't be made smaller, because it doesn't happen twice or a run fails, comes back whole. */
async function smallest(finding: DifferentialCase): Promise<DifferentialCase> {
  try {
    return await shrink(finding, firstBad);
  } catch {
    return finding;
  }
}
