import type { TableName } from '../../rules/ir.ts';
import type { Sent } from './packet.ts';
import type { RawRule } from './raw-rule.ts';

/** One thing done in the namespace. */
export type Step =
  /** Input of `iptables-legacy-restore`, with these flags. */
  | { readonly restore: string; readonly flags?: readonly string[] }
  /** A filter table of these in every chain, put in force as the bytes say. */
  | { readonly rules: readonly RawRule[] }
  /** A line for the shell; its output and status are part of the result. */
  | { readonly run: string }
  /** Sent one after the other; what the stack emits after each is part of the result. */
  | { readonly send: readonly Sent[] }
  /** While the shell works on `during`, the packet is sent without pause. None may come out. */
  | { readonly stream: Sent; readonly during: string };

/** Rules and packets, the same for the kernel's ip_tables and for ours. */
export interface PacketCase {
  readonly title: string;
  readonly steps: readonly Step[];
  /** For the shell, when all is over: takes away what the case put outside of the tables. */
  readonly cleanup?: string;
  /**
   * One of many that replace the same tables: no iptables-save at the end (the raw counters are there in
   * any case), and the tables aren't emptied unless a limit stands in them.
   */
  readonly brief?: boolean;
  /** It comes out otherwise where the kernel's own extensions can't be had, and that is documented (docs/differences.md). */
  readonly needsXt?: boolean;
}

/** A packet the stack emitted, volatile fields masked. */
export interface Emitted {
  readonly on: 'left' | 'right';
  readonly bytes: string;
}

export type StepResult =
  | { readonly status: number | null; readonly output: string }
  /** For each packet the errno of its sending (0: none) and what came out. */
  | { readonly sent: readonly { readonly errno: number; readonly emitted: readonly Emitted[] }[] }
  /** `uncounted`: how many more packets were sent than the busiest rule of filter counted. */
  | { readonly leaked: number; readonly uncounted: number; readonly enough: boolean; readonly status: number | null };

export interface CaseResult {
  readonly title: string;
  readonly steps: readonly StepResult[];
  /** `packets:bytes` of every entry in the blob, chain tails and heads included. */
  readonly counters: Readonly<Partial<Record<TableName, readonly string[]>>>;
  /** What `iptables-legacy-save -c` prints. */
  readonly saved: string;
  /** What the driver said of a rule that it refused because only netlink can load it. */
  readonly netlinkOnly?: string;
}

/** What the child writes. */
export interface ChildOutput {
  readonly results: readonly CaseResult[];
  /** `nft list tables` at the end: tells who carried the rules. */
  readonly nftables: string;
}

const builtin: Readonly<Record<TableName, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/**
 * A table for iptables-restore. `lines` are its rules, and `:NAME` for each user chain; policies are
 * ACCEPT but for the chains in `dropping`.
 */
export function table(name: TableName, lines: readonly string[], dropping: readonly string[] = []): string {
  const chains = builtin[name].map((chain) => `:${chain} ${dropping.includes(chain) ? 'DROP' : 'ACCEPT'} [0:0]`);
  const users = lines.filter((line) => line.startsWith(':')).map((line) => `${line} - [0:0]`);
  const rules = lines.filter((line) => !line.startsWith(':'));
  return [`*${name}`, ...chains, ...users, ...rules, 'COMMIT', ''].join('\n');
}

/** Rules of the filter table and packets for them. */
export function filterCase(
  title: string,
  rules: readonly string[],
  packets: readonly Sent[],
  dropping: readonly string[] = [],
): PacketCase {
  return { title, steps: [{ restore: table('filter', rules, dropping) }, { send: packets }] };
}
