import type { TableName } from '../../rules/ir.ts';
import type { Sending } from './packets.ts';
import type { RandomTable } from './ruleset.ts';

/** Rules and packets, the same for the kernel's ip_tables and for ours. */
export interface DifferentialCase {
  readonly title: string;
  readonly tables: readonly RandomTable[];
  readonly sendings: readonly Sending[];
  /** Some extensions are put in force in other revisions than iptables sends (`inOtherRevisions`). */
  readonly otherRevisions: boolean;
  /** All of it is to be carried by BPF, else the case fails; not given: by whatever is asked for. */
  readonly backend?: 'bpf';
}

/** A rule that was refused, by its place in its table's list, and in what words. */
export interface Refusal {
  readonly table: TableName;
  readonly rule: number;
  readonly said: string;
  /** What was said of all tables together, because of which rules were tried by themselves. */
  readonly whole: string;
}

export interface CaseResult {
  readonly title: string;
  /** Rules that had to be left out: nothing else of the result is to be compared then. */
  readonly refused: readonly Refusal[];
  /** What iptables-restore said of the whole, where it took it in no way. */
  readonly broken?: string;
  /** Extensions that were in force, as `revisionName` has them; the errno where a table in others was refused. */
  readonly revisions: readonly string[];
  /** `packets:bytes` of every entry of the tables' blobs. */
  readonly counters: Readonly<Partial<Record<TableName, readonly string[]>>>;
  /** For each packet its errno and what came out. */
  readonly packets: readonly string[];
  readonly connections: readonly string[];
  /** How many packets left, or came in, with which mark and priority. */
  readonly seen: readonly string[];
  /** Packets that each rule counted, in the order of the tables' lists. */
  readonly hits: readonly (readonly number[])[];
}

export interface ChildOutput {
  readonly results: readonly CaseResult[];
  /** `nft list tables` at the end: tells who carried the rules. */
  readonly nftables: string;
  /** Tables that were restored, and how many of them BPF carried. */
  readonly carried: { readonly all: number; readonly byBpf: number };
}
