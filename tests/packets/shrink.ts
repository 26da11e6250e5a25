import type { PacketCase } from './case.ts';
import type { Sent } from './packet.ts';

/** A ruleset and packets that show a difference. */
export interface Finding {
  readonly restore: string;
  readonly packets: readonly Sent[];
}

export function caseOf(title: string, { restore, packets }: Finding): PacketCase {
  return { title, brief: true, steps: [{ restore }, { send: packets }] };
}

/** The first of several that still differs; one call asks about all of them. */
type FirstBad = (candidates: readonly Finding[]) => Finding | undefined;

/** Calls of `firstBad` at most: each starts two programs. */
const patience = 25;

/** Fewer packets and fewer rules, as long as the difference stays. */
export function shrink(finding: Finding, firstBad: FirstBad): Finding {
  let calls = 0;
  const smaller = <Item>(items: readonly Item[], without: (items: readonly Item[]) => Finding): readonly Item[] => {
    let kept = items;
    for (let size = Math.ceil(kept.length / 2); size >= 1 && calls < patience; ) {
      const candidates = chunks(kept, size).map((chunk) => kept.filter((item) => !chunk.includes(item)));
      const findings = candidates.map(without);
      calls += 1;
      const found = firstBad(findings);
      const next = found === undefined ? undefined : candidates[findings.indexOf(found)];
      if (next === undefined) size = size === 1 ? 0 : Math.ceil(size / 2);
      else kept = next;
      size = Math.min(size, Math.ceil(kept.length / 2));
    }
    return kept;
  };
  const packets = smaller(finding.packets, (some) => ({ ...finding, packets: some }));
  const lines = finding.restore.split('\n').map((text) => ({ text }));
  const rules = smaller(
    lines.filter(({ text }) => text.startsWith('-A')),
    (some) => ({ packets, restore: textOf(lines, some) }),
  );
  return { packets, restore: textOf(lines, rules) };
}

interface Line {
  readonly text: string;
}

function textOf(lines: readonly Line[], rules: readonly Line[]): string {
  const kept = new Set(rules);
  return lines
    .filter((line) => !line.text.startsWith('-A') || kept.has(line))
    .map(({ text }) => text)
    .join('\n');
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
