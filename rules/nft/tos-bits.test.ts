import { describe, expect, it } from 'vitest';
import type { NftExpression, NftStatement } from './json.ts';
import { changeTosBits } from './tos-bits.ts';

/** The first bytes of a header, and what the checksum has followed: as nft does it, by names alone. */
interface Header {
  first: number;
  id: number;
  followed: number;
}

function run(rules: readonly (readonly NftStatement[])[], packet: Header): void {
  for (const rule of rules) {
    for (const statement of rule) {
      if ('match' in statement) {
        const { op, left, right } = statement.match;
        const wanted = typeof right === 'object' && 'range' in right ? right.range[0] : right;
        if ((evaluated(left, packet) === wanted) !== (op === '==')) break;
      } else if ('mangle' in statement) write(statement.mangle, packet);
    }
  }
}

function evaluated(expression: NftExpression, packet: Header): number {
  if (typeof expression === 'number') return expression;
  if (typeof expression !== 'object') throw new Error(`value ${JSON.stringify(expression)}`);
  if ('&' in expression) return evaluated(expression['&'][0], packet) & Number(expression['&'][1]);
  if ('^' in expression) return evaluated(expression['^'][0], packet) ^ Number(expression['^'][1]);
  if (!('payload' in expression)) throw new Error(`value ${JSON.stringify(expression)}`);
  const { payload } = expression;
  if (!('base' in payload)) return packet.id;
  switch (payload.offset) {
    case 0:
      return packet.first;
    case 8:
      return packet.first & 0xff;
    case 32:
      return packet.id;
    default:
      return 0; // the checksum: never 0xffff
  }
}

function write({ key, value }: { readonly key: NftExpression; readonly value: NftExpression }, packet: Header): void {
  if (typeof key !== 'object' || !('payload' in key)) throw new Error('set what?');
  const { payload } = key;
  const next = evaluated(value, packet);
  if (!('base' in payload)) packet.followed += next - packet.id;
  if ('base' in payload && payload.offset === 0) packet.first = next;
  else packet.id = next;
}

describe('changeTosBits', () => {
  it.each([
    [0, 0x12],
    [0, 0xff],
    [0x0c, 0x0c],
    [0xf0, 0],
    [0x3f, 0x50],
    [0xa5, 0x3c],
  ])('(tos & ~0x%x) ^ 0x%x, whatever the TOS and the id were', (mask, value) => {
    const rules = changeTosBits(mask, value);
    for (let tos = 0; tos < 256; tos += 1) {
      for (const id of [0, 0xffff, 0x5a5a, 0xa5a5, 0x1200 | (tos ^ 0xff), tos]) {
        const packet = { first: 0x4500 | tos, id, followed: 0 };
        run(rules, packet);
        const wanted = (tos & ~mask & 0xff) ^ value;
        expect(packet).toEqual({ first: 0x4500 | wanted, id, followed: wanted - tos });
      }
    }
  });

  it('takes two rules for a bit that is set or cleared, four for one that is inverted', () => {
    expect(changeTosBits(0x0c, 0x04)).toHaveLength(5);
    expect(changeTosBits(0, 0x12)).toHaveLength(9);
  });
});
