import { describe, expect, it } from 'vitest';
import type { NftStatement } from '../json.ts';
import { ruleSteps } from './rule.ts';

const test = (op: '==' | '!=', protocol: string, field: string, right: number): NftStatement => ({
  match: { op, left: { payload: { protocol, field } }, right },
});
const counter: NftStatement = { counter: 'r1' };

/** "base offset bits" of each load from a packet, in order; the others by their kind. */
function loadsOf(...expr: readonly NftStatement[]): readonly string[] {
  return ruleSteps({ family: 'ip', expr }).steps.map((step) => {
    if (step.kind !== 'compare' || step.subject.load.kind !== 'payload')
      return step.kind === 'compare' ? 'meta' : step.kind;
    const { base, offset, bits } = step.subject.load;
    return `${base} ${offset} ${bits}`;
  });
}

/** As `nft --debug=netlink` of 1.0.6 shows. */
describe('neighbouring fields', () => {
  it.each<[string, readonly NftStatement[], readonly string[]]>([
    ['merge', [test('==', 'th', 'sport', 1), test('==', 'th', 'dport', 2)], ['2 0 32']],
    [
      'merge in the place of the first in the packet',
      [test('==', 'th', 'dport', 2), counter, test('==', 'th', 'sport', 1)],
      ['object', '2 0 32'],
    ],
    [
      'do not with different operators',
      [test('==', 'th', 'sport', 1), test('!=', 'th', 'dport', 2)],
      ['2 0 16', '2 16 16'],
    ],
    [
      'do not past four bytes',
      [test('==', 'ip', 'length', 1), test('==', 'ip', 'id', 2), test('==', 'th', 'sport', 2)],
      ['1 16 32', '2 0 16'],
    ],
    ['do not across a gap', [test('==', 'ip', 'id', 1), test('==', 'ip', 'ttl', 2)], ['1 32 16', '1 64 8']],
    ['know bases apart', [test('==', 'ip', 'length', 1), test('==', 'th', 'dport', 2)], ['1 16 16', '2 16 16']],
  ])('%s', (_, expr, loads) => expect(loadsOf(...expr)).toEqual(loads));

  it('two before a statement are settled there', () => {
    const expr = [test('==', 'ip', 'ttl', 1), test('==', 'th', 'sport', 1), counter, test('==', 'th', 'dport', 2)];
    expect(loadsOf(...expr)).toEqual(['1 64 8', '2 0 16', 'object', '2 16 16']);
  });
});
