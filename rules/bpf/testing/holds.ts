import type { Field } from '../record.ts';
import type { BpfMatch, FieldTest } from '../test.ts';

/** What a packet has in its fields: u32 each, in host order. */
export type PacketFields = Readonly<Partial<Record<Field, number>>>;

/**
 * Whether a match holds for a packet whose transport header is there as far as the match needs it: what the machine
 * must say too. A test of a field that isn't given throws: it would tell nothing.
 */
export function holds({ groups }: BpfMatch, packet: PacketFields): boolean {
  return groups.every((tests) => tests.some((test) => testHolds(test, packet)));
}

function testHolds({ field, kind, first, second, negated = false }: FieldTest, packet: PacketFields): boolean {
  const value = packet[field];
  if (value === undefined) throw new TypeError(`the packet has no ${field}`);
  switch (kind) {
    case 'masked':
      return (((value ^ first) & second) === 0) !== negated;
    case 'within':
      return (value - first) >>> 0 <= second !== negated;
    case 'any':
      return ((value & second) !== 0) !== negated;
    default:
      return kind satisfies never;
  }
}
