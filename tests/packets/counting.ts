import { type PacketCase, table } from './case.ts';
import { matching } from './matching.ts';
import type { Sent } from './packet.ts';

/** All of them one behind the other, and each of some as a rule with a chain of its own. */
export function counting(
  title: string,
  tests: readonly string[],
  packets: readonly Sent[],
  alone: readonly string[] = tests,
): readonly PacketCase[] {
  const all = ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => tests.map((one) => `-A ${chain} ${one}`));
  return [
    ...alone.map((one) => matching(one, packets)),
    { title: `${title}: all at once`, steps: [{ restore: table('filter', all) }, { send: packets }] },
  ];
}

export const both = ['', '! '];
