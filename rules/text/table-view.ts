import type { Rule, TableName } from '../ir.ts';
export interface BlobView {
  readonly table: TableName;
  readonly entries: Uint8Array;
  readonly offsets: Uint32Array;
  readonly hookEntry: readonly number[];
  readonly underflow: readonly number[];
  readonly chains: readonly ChainView[];
  rule(index: number): Rule;
}
export interface ChainView {
  readonly kind: 'builtin' | 'user';
  readonly name: string;
  readonly first: number;
  readonly last: number;
}
