import { describe, expect, it } from 'vitest';
import { generationOf, handlesById } from './listing.ts';

const text = (...nftables: readonly object[]) =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...nftables] });
const ruleOf = (handle: number, fields: object) => ({
  rule: { family: 'ip', table: 't', chain: 'INPUT', handle, ...fields },
});

describe('handlesById', () => {
  it('gathers the rules of an entry in order, its guards too', () => {
    const listing = text(
      { chain: { name: 'INPUT' } },
      ruleOf(9, { comment: 'guard of r2', expr: [{ jump: { target: 'guard_8' } }] }),
      ruleOf(4, { expr: [{ match: {} }, { counter: 'r2' }, { accept: null }] }),
      ruleOf(5, { expr: [{ counter: 'r2' }] }),
      ruleOf(6, { comment: 'guard of r2', expr: [{ counter: 'r3' }] }), // a comment of the user's
      ruleOf(7, { expr: [{ jump: { target: 'INPUT' } }] }),
      ruleOf(8, { expr: [{ counter: { packets: 1, bytes: 1 } }] }),
    );
    expect([...handlesById(listing)]).toEqual([
      [2, [9, 4, 5]],
      [3, [6]],
    ]);
  });

  it.each([
    ['no JSON', 'Error: x'],
    ['another shape', '[]'],
    ['no array', '{"nftables": {}}'],
    ['a rule without a handle', text({ rule: { expr: [{ counter: 'r1' }] } })],
  ])('refuses %s', (_, listing) => expect(() => handlesById(listing)).toThrow("nft's listing"));
});

describe('generationOf', () => {
  it('finds the marker', () => {
    expect(generationOf(text({ chain: { name: 'INPUT' } }, { chain: { name: 'gen_7_ab' } }))).toEqual({
      generation: 7,
      instance: 'ab',
    });
    expect(generationOf(text({ chain: { name: 'INPUT' } }))).toBeUndefined();
  });
});
