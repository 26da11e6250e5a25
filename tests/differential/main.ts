/**
 * `make differential SEEDS=500` or `SEEDS=1000-1500`, `BACKEND=bpf` for what BPF carries, by it alone: random rulesets and packets by the kernel's own
 * ip_tables and by ours. Prints how often each example of each extension occurred, and each seed that
 * differs, made as small as possible. Ends with 1 when one does.
 */
import { reason, tablesCarried } from './both-ways.ts';
import { describeProblems, runSeeds, type SeedResult } from './check.ts';
import { bpfCaseOf, caseOf } from './seeds.ts';
import { tallyTable } from './tally.ts';

const atOnce = 90;

function seedsOf(text: string): readonly number[] {
  const [, first, last] = /^(?:(\d+)-)?(\d+)$/.exec(text) ?? [];
  if (last === undefined) throw new Error(`SEEDS: a number or a range expected, found "${text}"`);
  const from = Number(first ?? 1);
  return Array.from({ length: Number(last) - from + 1 }, (_, at) => from + at);
}

async function main(): Promise<number> {
  if (reason !== undefined) {
    console.log(`not run: ${reason}`);
    return 0;
  }
  const seeds = seedsOf(process.argv[2] ?? '100');
  const toCase = process.argv[3] === 'bpf' ? bpfCaseOf : caseOf;
  const results: SeedResult[] = [];
  for (let at = 0; at < seeds.length; at += atOnce)
    results.push(...(await runSeeds(seeds.slice(at, at + atOnce), toCase)));
  console.log(tallyTable(results));
  const wrong = results.filter(({ problems }) => problems.length > 0);
  for (const result of wrong) console.log(`\nseed ${result.seed}:\n${await describeProblems(result)}`);
  console.log(`\nBPF carried ${tablesCarried.byBpf} of ${tablesCarried.all} tables`);
  const unsteady = results.filter((result) => result.unsteady).length;
  const exceeded = results.filter((result) => result.exceeded).length;
  if (exceeded > 0) console.log(`${exceeded} ask for more at once than BPF has room for: refused, not compared`);
  console.log(`${results.length} seeds, ${wrong.length} differ, in ${unsteady} the kernel differs from itself`);
  return wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main();
