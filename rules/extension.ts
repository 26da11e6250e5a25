import { type Errno, errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import type { BpfMatch } from './bpf/test.ts';
import type { HeaderMatch, MatchUse, TableName } from './ir.ts';
import type { NftStatement, OwnObjectBody } from './nft/json.ts';

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
  /** Only in this table, or in one of these (e.g. REJECT: filter). */
  readonly table?: TableName | readonly TableName[];
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

/** A header but for its addresses, which are each rule's own (rules/blob/form-book.ts); their masks are among it. */
export type HeaderForm = Omit<HeaderMatch, 'source' | 'destination'>;

/** What an extension's own check (checkentry in the kernel) may look at. */
export interface CheckContext {
  readonly table: TableName;
  readonly header: HeaderForm;
  /** Hooks that this rule can be reached from: bit mask of 1 << hook number. */
  readonly hooks: number;
  /** The rule's matches; none where it isn't given. */
  readonly matches?: readonly MatchUse[];
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
  /** Login name of a user id; missing where no names are known. */
  user?(id: number): string | undefined;
  group?(id: number): string | undefined;
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

/**
 * An nft object (limit, quota, set, …) that belongs to one rule: made with it, shared by all nft rules
 * that it becomes, and taken away with it. Statements name it by `ownName(tag)`.
 */
export interface OwnObject {
  /** Letters; tells the objects of one rule apart. */
  readonly tag: string;
  readonly body: OwnObjectBody;
}

/** How a statement names an object of its own rule: its place is taken by a name made of the rule's id. */
export function ownName(tag: string): string {
  return `%${tag}`;
}

/** How `NftTarget.statements` name the chain of the target's own, in a jump. */
export const OWN_CHAIN = '%chain';

export interface NftMatch {
  readonly alternatives: NftAlternatives;
  /** What its statements name by `ownName`. */
  readonly objects?: readonly OwnObject[];
  /** Each evaluation changes its state (limit, quota, …): it must see exactly the packets ip_tables would show it. */
  readonly stateful?: boolean;
  readonly transport?: TransportHeader;
  /**
   * Its verdicts are those of the kernel's own match, but not all that goes with it (a file in /proc, a name that
   * other rules share): used only where the kernel's own can't be (`run --no-xt`).
   */
  readonly secondBest?: boolean;
  /** A name that two rules of a table can't both have, for lack of the sharing that the kernel's own match has. */
  readonly exclusive?: string;
  /** Shown with the rule in `nft list`. */
  readonly comment?: string;
}

/** A target as nft statements. Without a verdict among them the packet goes on to the next rule. */
export interface NftTarget {
  readonly statements: readonly NftStatement[];
  readonly objects?: readonly OwnObject[];
  /**
   * Rules of a chain of its own, for what one nft rule can't do: `statements` jump to `OWN_CHAIN`, and whoever
   * comes to its end goes on behind the iptables rule. `return` in it ends it.
   */
  readonly chain?: readonly (readonly NftStatement[])[];
  /**
   * It does what the kernel's own target does, but slower, or not in one step: used only where the kernel's own
   * can't be (`run --no-xt`).
   */
  readonly secondBest?: boolean;
}

/** What an extension's translation may look at. */
export interface NftContext {
  readonly header: HeaderMatch;
  readonly table: TableName;
  /**
   * Hooks that this rule can be reached from: bit mask of 1 << hook number; 0: no packet gets to it. A rule whose
   * translation has asked for them is translated anew where they change.
   */
  readonly hooks: number;
  /** The matches that stand before a match in its rule. */
  readonly before?: readonly MatchUse[];
}

/**
 * How much of an extension nftables carries by itself. What it doesn't goes as the kernel's own xt
 * extension, where there is one and it isn't forbidden, or is refused. `partly` lists what isn't carried,
 * for people (docs/coverage.md).
 */
export type NftCoverage = 'all' | { readonly partly: readonly string[] } | { readonly none: string };

/** What matches and targets have in common beside their layout: for documents and tests. */
export interface ExtensionFacts {
  readonly coverage: NftCoverage;
  /**
   * Rule fragments as people write them, with every option and inversion: `-p tcp -m tcp ! --dport {port}`.
   * A word in braces is a domain of tests/differential/domains.ts, a choice `{a|b|c}` or a range of numbers `{0-63}`.
   * Shown in docs/coverage.md, and what random rules are made of.
   */
  readonly examples: readonly string[];
  /** Why no two runs give the same (time, chance): such an extension has packet tests of its own. */
  readonly unpredictable?: string;
  /** Why the kernel's own xt extension can't stand in for what nft lacks. */
  readonly noXt?: string;
}

/** What a match's translation to BPF may look at. */
export interface BpfContext {
  readonly header: HeaderForm;
}

/** A method, as `nft` is one: so its parameter says nothing about which Info a definition takes. */
interface Translations<Info> {
  bpf(info: Info, context: BpfContext): BpfMatch;
}

export interface MatchDefinition<Info> extends ExtensionFacts {
  readonly kind: 'match';
  readonly name: string;
  readonly revisions: Readonly<Record<number, Revision<Info>>>;
  readonly placement: Placement;
  /**
   * Where each of its structs has ranges of ports, u16 twice, at multiples of 4. Its check doesn't look at them, nor does that of
   * another extension, and it becomes the same for every range of one port, but for the port (rules/blob/form-book.ts).
   */
  readonly portRanges?: readonly number[];
  /** The kernel's own check. Throws by `refuse`. */
  check(info: Info, context: CheckContext): void;
  /** What `iptables -L` prints for it, with its leading space; "" when nothing (libxt_*.c, print). */
  print(info: Info, context: PrintContext): string;
  /** What `iptables -S` prints after `-m name`, with its leading space (libxt_*.c, save). */
  save(info: Info, context: { readonly header: HeaderMatch }): string;
  /** The name `-m` gets in `iptables -S` where it isn't the match's own (libxtables' alias): conntrack written as state. */
  alias?(info: Info): string;
  /** Each evaluation changes its state: what `NftMatch.stateful` says where the kernel's own match is used. */
  readonly stateful?: boolean;
  /** Throws by `cannotExpress` for what nft can't carry exactly. */
  nft(info: Info, context: NftContext): NftMatch;
  /** For the BPF data plane; throws by `cannotExpress`. Or why that can't carry it at all: a table with such a match is left to nft. */
  readonly bpf: Translations<Info>['bpf'] | { readonly none: string };
  /** What `bpf` refuses, for people (docs/coverage.md). */
  readonly bpfLacks?: readonly string[];
}

export interface TargetDefinition<Info> extends ExtensionFacts {
  readonly kind: 'target';
  readonly name: string;
  readonly revisions: Readonly<Record<number, Revision<Info>>>;
  readonly placement: Placement;
  check(info: Info, context: CheckContext): void;
  print(info: Info, context: PrintContext): string;
  save(info: Info, context: { readonly header: HeaderMatch }): string;
  /** The name `-j` gets in `iptables -S` where it isn't the target's own (libxtables' alias): CT written as NOTRACK. */
  alias?(info: Info): string;
  /** Of a target for any table: whether the kernel's own, with such a struct, still looks at the table's name. */
  asksTableName?(info: Info): boolean;
  /** The statements behind the counter. Throws by `cannotExpress` for what nft can't carry exactly. */
  nft(info: Info, context: NftContext): NftTarget;
}

/** A definition whose Info is its own business: what the registry holds. */
// biome-ignore lint/suspicious/noExplicitAny: the Info of each extension stays inside its file
export type AnyMatch = MatchDefinition<any>;
// biome-ignore lint/suspicious/noExplicitAny: the Info of each extension stays inside its file
export type AnyTarget = TargetDefinition<any>;

/** What a match is in BPF. Throws `not-expressible` with the reason where BPF can't carry it. */
export function bpfOf<Info>({ name, bpf }: MatchDefinition<Info>, info: Info, context: BpfContext): BpfMatch {
  return typeof bpf === 'function' ? bpf(info, context) : cannotExpress(`${name}: ${bpf.none}`);
}

/** Declares a match; every part must be there. */
export function defineMatch<Info>(definition: Omit<MatchDefinition<Info>, 'kind'>): MatchDefinition<Info> {
  return { kind: 'match', ...definition };
}

/** Declares a target; every part must be there. */
export function defineTarget<Info>(definition: Omit<TargetDefinition<Info>, 'kind'>): TargetDefinition<Info> {
  return { kind: 'target', ...definition };
}
