import { matches, targets } from '../../rules/registry.gen.ts';
import type { SeedResult } from './check.ts';
import { type Example, headerNames, inverted, linesOf, matchExamples, targetExamples } from './random-rules.ts';
import { revisionName } from './revisions.ts';

interface Count {
  /** Rules with the example that were in force. */
  rules: number;
  /** Of these, those that counted a packet in the kernel. */
  hit: number;
  /** Rules that ours refused. */
  refused: number;
  /** Seeds with such a rule in force. */
  readonly seeds: Set<number>;
}

/**
 * How often each example of each extension occurred, also inverted, as a table, and which in fewest seeds; those
 * that can't take part with the reason.
 */
export function tallyTable(results: readonly SeedResult[]): string {
  const counts = new Map([...exampleNames(), ...revisionNames].map((name): [string, Count] => [name, none()]));
  const countOf = (name: string): Count => {
    const count = counts.get(name) ?? none();
    counts.set(name, count);
    return count;
  };
  for (const { seed, outcome } of results) {
    outcome.settled.tables.forEach(({ rules }, table) => {
      rules.forEach(({ examples }, at) => {
        for (const count of examples.map(countOf)) {
          count.rules += 1;
          count.hit += (outcome.native.hits[table]?.[at] ?? 0) > 0 ? 1 : 0;
          count.seeds.add(seed);
        }
      });
    });
    for (const name of outcome.ours.revisions) {
      const count = countOf(name);
      count.rules += 1;
      count.seeds.add(seed);
    }
    for (const { examples } of outcome.refused) for (const name of examples) countOf(name).refused += 1;
  }
  const rows = [...counts].map(([name, { seeds, rules, hit, refused }]) => {
    return `${[seeds.size, rules, hit, refused].map((count) => String(count).padStart(8)).join('')}  ${name}`;
  });
  const left = [...matches, ...targets].flatMap(({ kind, name, unpredictable }) =>
    unpredictable === undefined ? [] : [`not as its examples say: ${kind} ${name}: ${unpredictable}`],
  );
  const fewest = [exampleNames(), revisionNames].map((names) => {
    const rarest = names.reduce((least, name) => (countOf(name).seeds.size < countOf(least).seeds.size ? name : least));
    return `in fewest seeds, ${countOf(rarest).seeds.size} of ${results.length}: ${rarest}`;
  });
  return ['   seeds   rules     hit refused  example', ...rows, ...fewest, ...left].join('\n');
}

const none = (): Count => ({ rules: 0, hit: 0, refused: 0, seeds: new Set() });

/** Every revision there is of extensions that rules are made of: tables are put in force in all of them. */
const revisionNames = [...matches, ...targets]
  .filter((one) => linesOf([one]).length > 0)
  .flatMap(({ kind, name, revisions }) =>
    Object.keys(revisions).map((revision) => revisionName(kind, { name, revision: Number(revision) })),
  );

function exampleNames(): readonly string[] {
  const names = ({ name, text }: Example) => (/\{\|! ?\}/.test(text) ? [name, inverted(name)] : [name]);
  return [...headerNames.map(({ name }) => name), ...[...matchExamples, ...targetExamples].flat().flatMap(names)];
}
