import type { NftExpression, NftOperator, NftPayload, NftStatement } from '../../rules/nft/json.ts';

/** Short words for what forms are made of. */

export function test(op: NftOperator, left: NftExpression, right: NftExpression): NftStatement {
  return { match: { op, left, right } };
}

export function set(key: NftExpression, value: NftExpression): NftStatement {
  return { mangle: { key, value } };
}

export function field(protocol: string, name: string): { readonly payload: NftPayload } {
  return { payload: { protocol, field: name } };
}

/** Bits from the start of a header. */
export function raw(base: 'll' | 'nh' | 'th' | 'ih', offset: number, len: number): { readonly payload: NftPayload } {
  return { payload: { base, offset, len } };
}

export function ct(key: string, dir?: 'original' | 'reply'): NftExpression {
  return { ct: dir === undefined ? { key } : { key, dir } };
}

export function meta(key: string): NftExpression {
  return { meta: { key } };
}

export const tcp: NftStatement = test('==', meta('l4proto'), 6);
