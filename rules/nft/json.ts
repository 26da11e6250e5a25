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
  | { readonly concat: readonly NftValue[] }
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
  | { readonly 'ip option': { readonly name: string; readonly field?: string } }
  | { readonly 'sctp chunk': { readonly name: string; readonly field?: string } }
  | { readonly 'dccp option': { readonly type: number } }
  | { readonly rt: { readonly key: string; readonly family?: NftFamily } }
  | { readonly fib: { readonly result: 'oif' | 'oifname' | 'type'; readonly flags: readonly string[] | string } }
  | { readonly numgen: { readonly mode: 'inc' | 'random'; readonly mod: number; readonly offset?: number } }
  | {
      readonly jhash: {
        readonly mod: number;
        readonly offset?: number;
        readonly seed?: number;
        readonly expr: NftExpression;
      };
    }
  | { readonly socket: { readonly key: 'transparent' | 'mark' | 'wildcard' } }
  | { readonly osf: { readonly key: 'name' | 'version'; readonly ttl?: 'loose' | 'skip' } }
  | {
      readonly ipsec: {
        readonly key: string;
        readonly family?: NftFamily;
        readonly dir: 'in' | 'out';
        readonly spnum?: number;
      };
    }
  | { readonly concat: readonly NftExpression[] }
  /** A value found for a key: an anonymous map of [key, value] pairs, or the "@name" of one. */
  | {
      readonly map: {
        readonly key: NftExpression;
        readonly data: string | { readonly set: readonly (readonly [NftValue, NftValue])[] };
      };
    }
  | { readonly '<<': readonly [NftExpression, NftExpression] }
  | { readonly '>>': readonly [NftExpression, NftExpression] }
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
  /** What `rate` and `burst` count: packets unless given. */
  readonly rate_unit?: 'bytes';
  readonly burst_unit?: 'bytes';
}

/** So many bytes; `inv`: past them ("over"). */
export interface NftQuota {
  readonly val: number;
  readonly val_unit: 'bytes';
  readonly inv?: boolean;
  readonly used?: number;
  readonly used_unit?: 'bytes';
}

/** A quota that is an object. nft has other names for it there, and overlooks the statement's. */
export interface NftQuotaObject {
  readonly bytes: number;
  readonly used?: number;
  readonly inv?: boolean;
}

/** snat, dnat, masquerade and redirect. */
export interface NftNat {
  readonly family?: NftFamily;
  readonly addr?: NftExpression;
  readonly port?: NftExpression;
  readonly flags?: readonly ('random' | 'fully-random' | 'persistent' | 'netmap')[];
  readonly type_flags?: readonly ('interval' | 'prefix' | 'concat')[] | string;
}

/** One of the kernel's own x_tables extensions, from the bytes that iptables sent. nft itself can't load it. */
export interface NftXt {
  readonly kind: 'match' | 'target';
  readonly name: string;
  readonly revision: number;
  /** The struct behind the extension's header in the blob, in its length there; hex. */
  readonly info: string;
  /** The rule's -p, where it has one (RULE_COMPAT). */
  readonly protocol?: number;
  readonly protocolInverted?: boolean;
  /** Only in an nft table of this name. */
  readonly table?: string;
}

export interface NftReject {
  readonly type?: 'icmp' | 'tcp reset' | 'icmpv6' | 'icmpx';
  readonly expr?: string;
}

export interface NftLog {
  readonly prefix?: string;
  readonly level?: string;
  readonly flags?: readonly string[] | string;
  /** To a netlink group (nflog) instead of the kernel's log. */
  readonly group?: number;
  readonly snaplen?: number;
  readonly 'queue-threshold'?: number;
}

export type NftStatement =
  | { readonly match: { readonly op: NftOperator; readonly left: NftExpression; readonly right: NftExpression } }
  | { readonly counter: string } // a named counter
  | { readonly counter: null } // the rule's own
  | { readonly limit: NftLimit | string }
  | { readonly log: NftLog | null }
  | { readonly reject: NftReject | null }
  | { readonly mangle: { readonly key: NftExpression; readonly value: NftExpression } }
  | { readonly quota: NftQuota | string }
  | { readonly 'ct count': { readonly val: number; readonly inv?: boolean } }
  | { readonly 'ct helper': string }
  | { readonly 'ct timeout': string }
  | { readonly 'ct expectation': string }
  | {
      readonly set: {
        readonly op: 'add' | 'update' | 'delete';
        readonly elem: NftExpression;
        readonly set: string;
        /** Of each element its own; a counter of theirs has no name. */
        readonly stmt?: readonly (NftStatement | { readonly counter: null })[];
      };
    }
  | { readonly snat: NftNat | null }
  | { readonly dnat: NftNat | null }
  | { readonly masquerade: NftNat | null }
  | { readonly redirect: NftNat | null }
  | { readonly dup: { readonly addr: NftExpression; readonly dev?: NftExpression } }
  | { readonly tproxy: { readonly family?: NftFamily; readonly addr?: NftExpression; readonly port?: number } }
  | {
      readonly synproxy: { readonly mss?: number; readonly wscale?: number; readonly flags?: readonly string[] } | null;
    }
  | { readonly notrack: null }
  | { readonly reset: { readonly 'tcp option': { readonly name: string } } }
  | { readonly xt: NftXt }
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

export interface NftSet extends NftNamed {
  /** A datatype, several for a concatenation. */
  readonly type: string | readonly string[];
  readonly flags?: readonly ('constant' | 'interval' | 'timeout')[];
  readonly size?: number;
  readonly timeout?: number;
  readonly elem?: readonly NftValue[];
}

/** `ct helper` objects: a conntrack helper to be attached to flows. */
export interface NftCtHelper {
  readonly type: string;
  readonly protocol: 'tcp' | 'udp';
  readonly l3proto?: NftFamily;
}

/** nft 1.0.6 overlooks the policy in JSON and leaves every state its default: only our netlink sets it. */
export interface NftCtTimeout {
  readonly protocol: 'tcp' | 'udp';
  readonly l3proto?: NftFamily;
  readonly policy: Readonly<Record<string, number>>;
}

/** What an object of one rule's own is; its name and table are filled in (rules/extension.ts, OwnObject). */
export type OwnObjectBody =
  | { readonly limit: NftLimit }
  | { readonly quota: NftQuotaObject }
  | { readonly set: Omit<NftSet, keyof NftNamed> }
  | { readonly 'ct helper': NftCtHelper }
  | { readonly 'ct timeout': NftCtTimeout };

export type NftObject =
  | { readonly table: NftTable }
  | { readonly chain: NftChain }
  | { readonly rule: NftRule }
  | { readonly counter: NftNamed & { readonly packets?: number; readonly bytes?: number } }
  // without what they are: to delete them
  | { readonly limit: NftNamed & Partial<NftLimit> }
  | { readonly quota: NftNamed & Partial<NftQuotaObject> }
  | { readonly set: NftNamed & Partial<NftSet> }
  | { readonly 'ct helper': NftNamed & Partial<NftCtHelper> }
  | { readonly 'ct timeout': NftNamed & Partial<NftCtTimeout> };

export type NftCommand =
  | { readonly create: NftObject }
  | { readonly add: NftObject }
  | { readonly insert: NftObject }
  | { readonly delete: NftObject }
  | { readonly flush: NftObject };

export interface NftDocument {
  readonly nftables: readonly NftCommand[];
}
