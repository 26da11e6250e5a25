import type { BothResults } from './both-ways.ts';
import type { CaseResult } from './case.ts';

/** Entries whose counters differ, and packets whose fate does; none when the two are alike. */
export function differences({ native, ours }: BothResults): readonly string[] {
  const counters = Object.entries(native.counters).flatMap(([name, list]) =>
    list.flatMap((kernel, at) => {
      const mine = ours.counters[name as keyof CaseResult['counters']]?.[at];
      return kernel === mine ? [] : [`${name}, entry ${at}: kernel ${kernel}, ours ${mine}`];
    }),
  );
  const mine = packetsOf(ours);
  const packets = packetsOf(native).flatMap((kernel, at) =>
    kernel === mine[at] ? [] : [`packet ${at}: kernel ${kernel}, ours ${mine[at]}`],
  );
  return [...counters, ...packets];
}

function packetsOf({ steps }: CaseResult): readonly string[] {
  return steps.flatMap((step) => ('sent' in step ? step.sent.map((one) => JSON.stringify(one)) : []));
}
