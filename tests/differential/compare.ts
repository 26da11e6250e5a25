import type { CaseResult } from './case.ts';

/**
 * In what two results differ: counters of entries, packets that came out, connections, marks; none when they are
 * alike, or when even the kernel refuses the rules in each other's company.
 */
export function differences(native: CaseResult, ours: CaseResult): readonly string[] {
  if (native.broken !== ours.broken) return [`restored by the kernel, not by ours: ${ours.broken}`];
  const revisions = listDifferences('extension', native.revisions, ours.revisions);
  if (revisions.length > 0) return revisions;
  const counters = Object.entries(native.counters).flatMap(([name, list]) =>
    listDifferences(`${name}, entry`, list, ours.counters[name as keyof CaseResult['counters']] ?? []),
  );
  const connections = onlyIn('connection', native.connections, ours.connections);
  const packets = listDifferences('packet', native.packets, ours.packets);
  return [...counters, ...packets, ...connections, ...onlyIn('seen', native.seen, ours.seen)];
}

function listDifferences(what: string, native: readonly string[], ours: readonly string[]): readonly string[] {
  return Array.from({ length: Math.max(native.length, ours.length) }, (_, at) => at)
    .filter((at) => native[at] !== ours[at])
    .map((at) => `${what} ${at}: kernel ${native[at]}, ours ${ours[at]}`);
}

function onlyIn(what: string, native: readonly string[], ours: readonly string[]): readonly string[] {
  return [
    ...native.filter((line) => !ours.includes(line)).map((line) => `${what} only in the kernel: ${line}`),
    ...ours.filter((line) => !native.includes(line)).map((line) => `${what} only in ours: ${line}`),
  ];
}
