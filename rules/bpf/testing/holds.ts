import type { Field } from '../record.ts';
import { type BpfMatch, type BpfTest, type FieldTest, isLook, type Look } from '../test.ts';

/** What a packet has in its fields: u32 each, in host order. */
export type PacketFields = Readonly<Partial<Record<Field, number>>>;

/** What a look at the packet finds, its negation aside; `drop`: the packet is broken. */
export type LookAt = (look: Look) => boolean | 'drop';

/**
 * Whether a match holds for a packet whose transport header is there as far as the match needs it: what the machine
 * must say too. A test of a field that isn't given throws: it would tell nothing.
 */
export function holds(
  { groups, program, inverted = false }: BpfMatch,
  packet: PacketFields,
  lookAt: LookAt = noLook,
): boolean | 'drop' {
  if (program !== undefined) throw new TypeError('a program is more than what it looks at');
  for (const tests of groups) {
    const outcome = groupHolds(tests, packet, lookAt);
    if (outcome === 'drop') return 'drop';
    if (!outcome) return inverted;
  }
  return !inverted;
}

function noLook({ kind }: Look): boolean {
  throw new TypeError(`the packet isn't there to look for ${kind}`);
}

function groupHolds(tests: readonly BpfTest[], packet: PacketFields, lookAt: LookAt): boolean | 'drop' {
  for (const test of tests) {
    const outcome = isLook(test) ? lookAt(test) : testHolds(test, packet);
    if (outcome === 'drop') return 'drop';
    if (outcome !== (test.negated === true)) return true;
  }
  return false;
}

function testHolds({ field, kind, first, second }: FieldTest, packet: PacketFields): boolean {
  const value = packet[field];
  if (value === undefined) throw new TypeError(`the packet has no ${field}`);
  switch (kind) {
    case 'masked':
      return ((value ^ first) & second) === 0;
    case 'within':
      return (value - first) >>> 0 <= second;
    case 'any':
      return (value & second) !== 0;
    default:
      return kind satisfies never;
  }
}
