import type { NftChainType, NftFamily, NftHook } from '../../protocol/family.ts';

/**
 * The part of nft's JSON (libnftables-json(5)) that we emit or read. Documents are built from
 * these types only, never from strings.
 */
export type NftOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in';

export type NftValue =
  | string
  | number
  | boolean
  | { readonly prefix: { readonly addr: string; readonly len: number } }
  | { readonly range: readonly [NftValue, NftValue] }
  | { readonly set: readonly NftValue[] }
  | readonly NftValue[];

export type NftExpression =
  | NftValue
  | { readonly payload: NftPayload }
  | { readonly meta: { readonly key: string } }
  | { readonly ct: { readonly key: string; readonly dir?: 'original' | 'reply'; readonly family?: NftFamily } }
  | {
      readonly 'tcp option':
        | { readonly base: number; readonly offset: number; readonly len: number }
        | { readonly name: string; readonly field?: string };
    }
  | { readonly '&': readonly [NftExpression, NftExpression] }
  | { readonly '|': readonly [NftExpression, NftExpression] }
  | { readonly '^': readonly [NftExpression, NftExpression] };

export type NftPayload =
  | { readonly protocol: string; readonly field: string }
  /** Offset and length in bits from the link, network, transport or inner header. */
  | { readonly base: 'll' | 'nh' | 'th' | 'ih'; readonly offset: number; readonly len: number };

export interface NftLimit {
  readonly rate: number;
  readonly per: 'second' | 'minute' | 'hour' | 'day' | 'week';
  readonly burst: number;
  readonly inv?: boolean;
}

export interface NftReject {
  readonly type?: 'icmp' | 'tcp reset' | 'icmpv6' | 'icmpx';
  readonly expr?: string;
}

export interface NftLog {
  readonly prefix?: string;
  readonly level?: string;
  readonly flags?: readonly string[] | string;
}

export type NftStatement =
  | { readonly match: { readonly op: NftOperator; readonly left: NftExpression; readonly right: NftExpression } }
  | { readonly counter: string } // a named counter
  | { readonly limit: NftLimit | string }
  | { readonly log: NftLog | null }
  | { readonly reject: NftReject | null }
  | { readonly mangle: { readonly key: NftExpression; readonly value: NftExpression } }
  | { readonly accept: null }
  | { readonly drop: null }
  | { readonly return: null }
  | { readonly jump: { readonly target: string } }
  | { readonly goto: { readonly target: string } };

interface InTable {
  readonly family: NftFamily;
  readonly table: string;
}

export interface NftTable {
  readonly family: NftFamily;
  readonly name: string;
}

export interface NftChain extends InTable {
  readonly name: string;
  readonly type?: NftChainType;
  readonly hook?: NftHook;
  readonly prio?: number;
  readonly policy?: 'accept' | 'drop';
}

export interface NftRule extends InTable {
  readonly chain: string;
  readonly handle?: number;
  readonly comment?: string;
  readonly expr?: readonly NftStatement[];
}

export interface NftNamed extends InTable {
  readonly name: string;
}

export type NftObject =
  | { readonly table: NftTable }
  | { readonly chain: NftChain }
  | { readonly rule: NftRule }
  | { readonly counter: NftNamed & { readonly packets?: number; readonly bytes?: number } }
  | { readonly limit: NftNamed & Partial<NftLimit> }; // without a rate: to delete it

export type NftCommand =
  | { readonly create: NftObject }
  | { readonly add: NftObject }
  | { readonly insert: NftObject }
  | { readonly delete: NftObject }
  | { readonly flush: NftObject };

export interface NftDocument {
  readonly nftables: readonly NftCommand[];
}
