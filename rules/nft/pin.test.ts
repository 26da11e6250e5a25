import { describe, expect, it } from 'vitest';
import { expressionsOf, nftMissing } from '../testing/nft-load.ts';
import type { NftExpression, NftOperator, NftStatement } from './json.ts';
import { pinned } from './pin.ts';

const field = (protocol: string, name: string): NftExpression => ({ payload: { protocol, field: name } });
const raw = (base: 'nh' | 'th', offset: number, len: number): NftExpression => ({ payload: { base, offset, len } });
const test = (left: NftExpression, op: NftOperator, right: NftExpression): NftStatement => ({
  match: { op, left, right },
});

const sport = test(field('udp', 'sport'), '==', 5);
const limit: NftStatement = { limit: { rate: 1, per: 'second', burst: 5 } };

describe('pinned', () => {
  it.each([
    [sport, 0xffff],
    [test(field('th', 'dport'), '!=', 5), 0xffff],
    [test(field('icmp', 'type'), '==', 8), 0xff],
    [test(field('ip', 'protocol'), '!=', 'tcp'), 0xff],
    [test(field('ip', 'saddr'), '==', '192.0.2.1'), 0xffffffff],
    [test(raw('nh', 72, 8), '==', 6), 0xff],
  ])('masks %j', (statement, mask) => {
    if (!('match' in statement)) throw new TypeError('a test is wanted');
    const { op, left, right } = statement.match;
    expect(pinned(statement)).toEqual({ match: { op, left: { '&': [left, mask] }, right } });
  });

  it('takes a set of one for its value', () => {
    expect(pinned(test(field('tcp', 'dport'), '!=', { set: [80] }))).toEqual(
      pinned(test(field('tcp', 'dport'), '!=', 80)),
    );
  });

  it.each<NftStatement>([
    limit,
    test(field('udp', 'sport'), '==', { range: [1, 2] }),
    test(field('udp', 'sport'), '!=', { set: [1, 2] }),
    test(field('ip', 'saddr'), '==', { prefix: { addr: '192.0.2.0', len: 24 } }),
    test(field('tcp', 'doff'), '>=', 5),
    test({ meta: { key: 'mark' } }, '!=', 5),
    pinned(sport),
  ])('leaves %j alone', (statement) => expect(pinned(statement)).toBe(statement));

  it('refuses a field it does not know the width of', () => {
    expect(() => pinned(test(field('ip', 'nonsense'), '==', 1))).toThrow('"ip nonsense"');
  });
});

/** Pairs of neighbours in a header. */
const neighbours: readonly (readonly [name: string, NftExpression, NftExpression])[] = [
  ['ports', field('udp', 'sport'), field('udp', 'dport')],
  ['icmp', field('icmp', 'type'), field('icmp', 'code')],
  ['ttl and protocol', field('ip', 'ttl'), field('ip', 'protocol')],
  ['raw and named', raw('th', 0, 16), field('udp', 'dport')],
];

describe.skipIf(nftMissing)(`what nft makes of neighbours (${nftMissing ?? 'here'})`, () => {
  const place = (expressions: readonly string[]) =>
    expressions.findIndex((expression) => expression.startsWith('limit'));
  const loads = (expressions: readonly string[]) =>
    expressions.filter((expression) => expression.startsWith('payload load'));

  it.each(neighbours)('%s: two pinned "!=" stay two', (_, left, right) => {
    const expressions = expressionsOf([pinned(test(left, '!=', 1)), pinned(test(right, '!=', 2))]);
    expect(loads(expressions)).toHaveLength(2);
  });

  it.each(neighbours)('%s: pinned tests stay on their side of a limit', (_, left, right) => {
    const expressions = expressionsOf([pinned(test(left, '==', 1)), limit, pinned(test(right, '==', 2))]);
    const middle = place(expressions);
    expect(loads(expressions.slice(0, middle))).toHaveLength(1);
    expect(loads(expressions.slice(middle))).toHaveLength(1);
  });

  it.each<readonly [string, NftStatement]>([
    ['a range', test(field('udp', 'dport'), '==', { range: [80, 90] })],
    ['a set', test(field('udp', 'dport'), '==', { set: [80, 90] })],
    ['a mask', test({ '&': [field('udp', 'dport'), 0xff] }, '==', 80)],
    ['an order', test(field('udp', 'dport'), '<=', 80)],
    ['another operator', test(field('udp', 'dport'), '!=', 80)],
  ])('%s behind a limit stays there unpinned', (_, statement) => {
    const expressions = expressionsOf([sport, limit, statement]);
    expect(loads(expressions.slice(place(expressions)))).toHaveLength(1);
  });
});
