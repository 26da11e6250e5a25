import { type Errno, errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import type { HeaderMatch, TableName } from './ir.ts';
import type { NftStatement } from './nft/json.ts';

/** One revision of an extension: the kernel's struct, read and written. */
export interface Revision<Info> {
  /** Bytes of the kernel's struct (xt_match.matchsize, xt_target.targetsize), before alignment to 8. */
  readonly size: number;
  /** Reads the struct; `data` holds at least `size` bytes. */
  decode(data: Uint8Array): Info;
  /** Writes the struct: exactly `size` bytes. */
  encode(info: Info): Uint8Array;
}

/** Where the kernel lets an extension stand (struct xt_match, xt_target in the kernel's source). */
export interface Placement {
  /** Only in this table (e.g. REJECT: filter). */
  readonly table?: TableName;
  /** Only reachable from these hooks: bit mask of 1 << hook number. */
  readonly hooks?: number;
  /** Only with this -p, not inverted. */
  readonly protocol?: number;
  /**
   * The kernel registers it for every address family at once (NFPROTO_UNSPEC). Shows in one place only:
   * a revision it hasn't is EPROTOTYPE in a replace, where others answer ENOENT.
   */
  readonly anyFamily?: boolean;
}

/** What an extension's own check (checkentry in the kernel) may look at. */
export interface CheckContext {
  readonly table: TableName;
  readonly header: HeaderMatch;
  /** Hooks that this rule can be reached from: bit mask of 1 << hook number. */
  readonly hooks: number;
}

/** Throws what an extension's check answers: the kernel's errno (EINVAL unless given) and the reason for the log. */
export function refuse(reason: string, code: Errno = errno.EINVAL): never {
  throw new BpfilterError('extension-check', reason, { errno: code });
}

/** Throws for what is loadable in the kernel but can't be carried by a backend exactly. */
export function cannotExpress(reason: string): never {
  throw new BpfilterError('not-expressible', reason);
}

/** Names for numbers, as the C library would give them (/etc/services, /etc/protocols, the resolver). */
export interface Names {
  /** Service name of a port, e.g. (80, "tcp") → "http"; undefined when there is none. */
  service(port: number, protocol: string): string | undefined;
  protocol(number: number): string | undefined;
  /** Name of an address (host-order u32): host, else network. */
  address(address: number): string | undefined;
}

export interface PrintContext {
  /** -n: numbers only. */
  readonly numeric: boolean;
  readonly names: Names;
  readonly header: HeaderMatch;
}

/**
 * A match as nft statements: alternatives of which at most one can hold for a packet, each a
 * conjunction. `[]` never matches, `[[]]` always.
 */
export type NftAlternatives = readonly (readonly NftStatement[])[];

/**
 * The transport header a match reads. Kernel matches set `hotdrop` (the packet is dropped on the
 * spot, uncounted) when it isn't there whole.
 */
export interface TransportHeader {
  /** Bytes that must be in the packet behind the IP header, of an unfragmented packet or first fragment. */
  readonly bytes: number;
  /** tcp: a fragment with offset 1 (8 bytes) is dropped too. */
  readonly dropsOffsetOne?: boolean;
}

export interface NftMatch {
  readonly alternatives: NftAlternatives;
  /** Each evaluation changes its state (limit, quota, …): it must see exactly the packets ip_tables would show it. */
  readonly stateful?: boolean;
  readonly transport?: TransportHeader;
  /** Shown with the rule in `nft list`. */
  readonly comment?: string;
}

export interface MatchDefinition<Info> {
  readonly kind: 'match';
  readonly name: string;
  readonly revisions: Readonly<Record<number, Revision<Info>>>;
  readonly placement: Placement;
  /** The kernel's own check. Throws by `refuse`. */
  check(info: Info, context: CheckContext): void;
  /** What `iptables -L` prints for it, with its leading space; "" when nothing (libxt_*.c, print). */
  print(info: Info, context: PrintContext): string;
  /** What `iptables -S` prints after `-m name`, with its leading space (libxt_*.c, save). */
  save(info: Info, context: { readonly header: HeaderMatch }): string;
  /** The name `-m` gets in `iptables -S` where it isn't the match's own (libxtables' alias): conntrack written as state. */
  alias?(info: Info): string;
  /** Throws by `cannotExpress` for what nft can't carry exactly. */
  nft(info: Info, context: { readonly header: HeaderMatch }): NftMatch;
}

export interface TargetDefinition<Info> {
  readonly kind: 'target';
  readonly name: string;
  readonly revisions: Readonly<Record<number, Revision<Info>>>;
  readonly placement: Placement;
  check(info: Info, context: CheckContext): void;
  print(info: Info, context: PrintContext): string;
  save(info: Info, context: { readonly header: HeaderMatch }): string;
  /** The statements behind the counter. Without a verdict among them the packet goes on to the next rule. */
  nft(info: Info, context: { readonly header: HeaderMatch }): readonly NftStatement[];
}

/** A definition whose Info is its own business: what the registry holds. */
// biome-ignore lint/suspicious/noExplicitAny: the Info of each extension stays inside its file
export type AnyMatch = MatchDefinition<any>;
// biome-ignore lint/suspicious/noExplicitAny: the Info of each extension stays inside its file
export type AnyTarget = TargetDefinition<any>;

/** Declares a match; every part must be there. */
export function defineMatch<Info>(definition: Omit<MatchDefinition<Info>, 'kind'>): MatchDefinition<Info> {
  return { kind: 'match', ...definition };
}

/** Declares a target; every part must be there. */
export function defineTarget<Info>(definition: Omit<TargetDefinition<Info>, 'kind'>): TargetDefinition<Info> {
  return { kind: 'target', ...definition };
}
