import type { TableName } from '../ir.ts';

/** Names of nft objects. Chains, counters and limits have a namespace each, per table. */

/** Prefixes of chains that are ours; a user chain with such a name is escaped. */
const reserved = ['gen_', 'hook_', 'guard_', 'chain_'] as const;

const plainName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const counterPattern = /^r([1-9]\d*)$/;
const markerPattern = /^gen_(\d+)_([A-Za-z0-9]+)$/;
const guardCommentPattern = /^guard of r([1-9]\d*)$/;

/** Which rule set is in force: its number, and the life of the table it belongs to. */
export interface Generation {
  readonly generation: number;
  /** Letters and digits. */
  readonly instance: string;
}

/** The nft table that carries an iptables table; never one of iptables-nft's names. */
export function nftTableName(table: TableName): string {
  return `bpfilter_${table}`;
}

/** Whether a table of nftables is ours by its name. */
export function isOwnTable(nftTable: string): boolean {
  return nftTable.startsWith('bpfilter_');
}

/** Both names of our own that an iptables table may have in nftables: for a time it needs a second one. */
export function ownTableNames(table: TableName): readonly [string, string] {
  return [nftTableName(table), `${nftTableName(table)}_2`];
}

/** Both names that a table has in nftables while BPF carries it. */
export function bpfTableNames(table: TableName): readonly [string, string] {
  return [`${nftTableName(table)}_bpf`, `${nftTableName(table)}_bpf_2`];
}

/** Whether a table of nftables is one that BPF carries, by its name. */
export function isBpfTable(nftTable: string): boolean {
  return /^bpfilter_.*_bpf(_2)?$/.test(nftTable);
}

/**
 * The nft chain of a user chain: its own name where that is plain and taken by nothing else, otherwise
 * `chain_` and the name with every byte but letters and digits as `_xx`. Different names stay different.
 */
export function userChainName(name: string, builtins: ReadonlySet<string>): string {
  const plain = plainName.test(name) && !builtins.has(name) && !reserved.some((prefix) => name.startsWith(prefix));
  return plain ? name : `chain_${name.replace(/[^A-Za-z0-9]/g, hexByte)}`;
}

/** The base chain that calls a built-in chain and holds its policy. */
export function hookChainName(builtin: string): string {
  return `hook_${builtin}`;
}

/** The counter object of a rule id. */
export function counterName(id: number): string {
  return `r${id}`;
}

/** The id a counter is named for; undefined when it is none of ours. */
export function counterId(name: string): number | undefined {
  return capturedNumber(counterPattern, name);
}

/** The limit object of a rule; `nth` counts from 1 where a rule has several. */
export function limitName(id: number, nth = 1): string {
  return nth === 1 ? `l${id}` : `l${id}_${nth}`;
}

/** First letters of the names of objects by their kind; counters have `r`. */
const objectLetters = { limit: 'l', quota: 'q', set: 's', 'ct helper': 'h', 'ct timeout': 't' } as const;
export type ObjectKind = keyof typeof objectLetters;
const objectKinds = Object.entries(objectLetters) as readonly (readonly [ObjectKind, string])[];

/** The name of an object that a rule has for itself: `q7_bytes`. */
export function ownObjectName(kind: ObjectKind, id: number, tag: string): string {
  return `${objectLetters[kind]}${id}_${tag}`;
}

/** What kind of object has such a name; undefined for a counter's, or a chain's. */
export function objectKind(name: string): ObjectKind | undefined {
  return /^[a-z]\d/.test(name) ? objectKinds.find(([, letter]) => name.startsWith(letter))?.[0] : undefined;
}

/** The marker chain of a generation; `parseMarker` reads it back. */
export function markerName({ generation, instance }: Generation): string {
  return `gen_${generation}_${instance}`;
}

/** The chain that marks a table which is still being made; it has no marker yet. */
export const STAGE_MARKER = 'gen_stage';

/** What a marker chain says; undefined for any other chain. */
export function parseMarker(name: string): Generation | undefined {
  const [, generation, instance] = markerPattern.exec(name) ?? [];
  return generation === undefined || instance === undefined ? undefined : { generation: Number(generation), instance };
}

/** The chain shared by all rules that want so many bytes of transport header. */
export function guardChainName(bytes: number, dropsOffsetOne: boolean): string {
  return `guard_${bytes}${dropsOffsetOne ? '_1' : ''}`;
}

/** A chain of one rule's own: what its stateful match is to see besides the packets that match, or its target. */
export function ownChainName(id: number, part: 'first' | 'then' | 'target'): string {
  return `guard_r${id}${part === 'first' ? '' : `_${part}`}`;
}

/** The comment by which the guard rules of an entry are found again. */
export function guardComment(id: number): string {
  return `guard of ${counterName(id)}`;
}

/** The entry a guard rule belongs to, by its comment. */
export function guardedId(comment: string): number | undefined {
  return capturedNumber(guardCommentPattern, comment);
}

function capturedNumber(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Names come from bytes, one character each. */
function hexByte(character: string): string {
  return `_${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
