import type { TableName } from '../protocol/family.ts';
import type { HookNumber } from '../protocol/x-tables.ts';

/**
 * The intermediate form of a table: plain read-only data between the blob that iptables sends
 * (protocol/), the text people read (rules/text) and what the data planes get (rules/nft).
 */

export type { HookNumber, TableName };

/** Packets and bytes, u64 each (struct xt_counters). */
export interface Counters {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** struct ipt_ip: what every rule tests before its matches. Addresses are host-order u32 of the dotted quad. */
export interface HeaderMatch {
  readonly source: number;
  readonly sourceMask: number;
  readonly destination: number;
  readonly destinationMask: number;
  readonly inInterface: InterfaceMatch;
  readonly outInterface: InterfaceMatch;
  /** 0: any. u16 in the blob, so values past 255 are loadable and match nothing. */
  readonly protocol: number;
  /** IPT_F_FRAG 1, IPT_F_GOTO 2. */
  readonly flags: number;
  /** IPT_INV_*: VIA_IN 1, VIA_OUT 2, TOS 4, SRCIP 8, DSTIP 0x10, FRAG 0x20, PROTO 0x40. */
  readonly inverted: number;
}

/** 16 bytes of name and of mask, as in the blob. */
export interface InterfaceMatch {
  readonly name: Uint8Array;
  readonly mask: Uint8Array;
}

/** A match of a rule: its name, revision and the bytes after the 32-byte header, in the blob's own length. */
export interface MatchUse {
  readonly name: string;
  readonly revision: number;
  readonly data: Uint8Array;
}

/** Where a rule sends the packet. `continue` is a rule without a target: counted, then the next rule. */
export type TargetUse =
  | { readonly kind: 'accept' | 'drop' | 'queue' | 'return' | 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | {
      readonly kind: 'extension';
      readonly name: string;
      readonly revision: number;
      readonly data: Uint8Array;
    };

/** One entry of the blob that is a rule (policies included, chain heads and the table's end not). */
export interface Rule {
  /** Its place among all entries of the blob, heads included: the index its counters have. */
  readonly index: number;
  readonly header: HeaderMatch;
  readonly matches: readonly MatchUse[];
  readonly target: TargetUse;
  readonly counters: Counters;
}

export interface BuiltinChain {
  readonly kind: 'builtin';
  readonly name: string; // "INPUT"
  readonly hook: HookNumber;
  readonly rules: readonly Rule[];
  /** The last entry: an unconditional ACCEPT or DROP whose counters are the policy's. */
  readonly policy: Rule;
}

export interface UserChain {
  readonly kind: 'user';
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Index of the chain's head (an ERROR entry that carries its name). */
  readonly headIndex: number;
  /** The unconditional RETURN that ends the chain. */
  readonly tail: Rule;
}

export type Chain = BuiltinChain | UserChain;

export interface Table {
  readonly name: TableName;
  readonly chains: readonly Chain[];
}
