import { matches, targets } from '../../rules/registry.gen.ts';
import type { SeedResult } from './check.ts';
import { matchExamples, targetExamples } from './random-rules.ts';

interface Count {
  /** Rules with the example that were in force. */
  rules: number;
  /** Of these, those that counted a packet in the kernel. */
  hit: number;
  /** Rules that ours refused. */
  refused: number;
}

/** How often each example of each extension occurred, as a table; those that can't take part with the reason. */
export function tallyTable(results: readonly SeedResult[]): string {
  const counts = new Map<string, Count>();
  const add = (name: string, more: Partial<Count>): void => {
    const { rules, hit, refused } = counts.get(name) ?? { rules: 0, hit: 0, refused: 0 };
    counts.set(name, {
      rules: rules + (more.rules ?? 0),
      hit: hit + (more.hit ?? 0),
      refused: refused + (more.refused ?? 0),
    });
  };
  for (const { outcome } of results) {
    outcome.settled.tables.forEach(({ rules }, table) => {
      rules.forEach(({ examples }, at) => {
        const hit = (outcome.native.hits[table]?.[at] ?? 0) > 0 ? 1 : 0;
        for (const name of examples) add(name, { rules: 1, hit });
      });
    });
    for (const { examples } of outcome.refused) for (const name of examples) add(name, { refused: 1 });
  }
  const rows = [...matchExamples, ...targetExamples].flat().map(({ name }) => {
    const { rules, hit, refused } = counts.get(name) ?? { rules: 0, hit: 0, refused: 0 };
    return `${[rules, hit, refused].map((count) => String(count).padStart(8)).join('')}  ${name}`;
  });
  const left = [...matches, ...targets].flatMap(({ kind, name, unpredictable }) =>
    unpredictable === undefined ? [] : [`not as its examples say: ${kind} ${name}: ${unpredictable}`],
  );
  return ['   rules     hit refused  example', ...rows, ...left].join('\n');
}
