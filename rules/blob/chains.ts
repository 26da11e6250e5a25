import { BpfilterError } from '../../protocol/error.ts';
import { hookNames, verdicts, XT_FUNCTION_MAXNAMELEN } from '../../protocol/x-tables.ts';
import type { HookNumber } from '../ir.ts';
import { hooksOf } from './per-hook.ts';
import { findEntry } from './reach.ts';
import type { WalkedTable } from './walk.ts';
import { where } from './where.ts';

/** A chain as a range of entries. */
export interface ChainView {
  readonly kind: 'builtin' | 'user';
  readonly name: string;
  /** Of a built-in chain. */
  readonly hook?: HookNumber;
  /** Index of a user chain's head, the ERROR entry that carries its name. */
  readonly head?: number;
  readonly first: number;
  /** The policy, or the RETURN that closes a user chain. */
  readonly last: number;
}

/** The chains, and where jumps lead. */
export interface ChainGraph {
  /** In blob order; together with heads and the table's end they cover it without gaps. */
  readonly chains: readonly ChainView[];
  /** By entry: index in `chains` of the chain it jumps or goes to, else -1. */
  readonly jumps: Int32Array;
}

/**
 * Takes a table apart into chains. ip_tables only knows entries and jumps; chains are how libiptc
 * lays them out, and all that can be carried elsewhere. Throws `not-expressible` for a table that
 * libiptc wouldn't make, though the kernel may take it.
 */
export function findChains(table: WalkedTable): ChainGraph {
  const end = table.offsets.length - 1;
  if (end < 0) throw inexpressible('a table without entries');
  if (!isHead(table, end)) throw shapeError(table, end, 'an ERROR entry must end the table');
  const starts = hookStarts(table);
  const chains: ChainView[] = [];
  let index = 0;
  while (index < end) {
    const hook = starts.get(index);
    if (hook !== undefined) chains.push(builtinChain(table, starts, index, hook));
    else if (isHead(table, index)) chains.push(userChain(table, starts, index, end));
    else throw shapeError(table, index, 'belongs to no chain: behind a policy, or before the first chain');
    index = (chains.at(-1)?.last ?? index) + 1;
  }
  checkNames(table, chains);
  return { chains, jumps: findJumps(table, chains) };
}

/** The first entries of the built-in chains. */
function hookStarts(table: WalkedTable): ReadonlyMap<number, HookNumber> {
  return new Map(hooksOf(table.validHooks).map((hook) => [findEntry(table.offsets, table.hookEntry[hook]), hook]));
}

function builtinChain(
  table: WalkedTable,
  starts: ReadonlyMap<number, HookNumber>,
  first: number,
  hook: HookNumber,
): ChainView {
  const name = hookNames[hook];
  const last = findEntry(table.offsets, table.underflow[hook]);
  if (last < first) throw shapeError(table, last, `is the policy of ${name} but lies before its first rule`);
  for (let index = first + 1; index <= last; index += 1) {
    const other = starts.get(index);
    if (other !== undefined) throw shapeError(table, index, `starts ${hookNames[other]} inside ${name}`);
  }
  for (let index = first; index <= last; index += 1) {
    if (isHead(table, index)) throw shapeError(table, index, `is a chain's head inside ${name}`);
  }
  return { kind: 'builtin', name, hook, first, last };
}

function userChain(table: WalkedTable, starts: ReadonlyMap<number, HookNumber>, head: number, end: number): ChainView {
  const name = nameOf(table, head);
  const first = head + 1;
  let next = first;
  while (next < end && !starts.has(next) && !isHead(table, next)) next += 1;
  const last = next - 1;
  const closed =
    last >= first && table.verdicts[last] === verdicts.RETURN && table.forms[last]?.isUnconditional === true;
  if (!closed) throw shapeError(table, last, `ends chain ${name} but is no RETURN without conditions`);
  return { kind: 'user', name, head, first, last };
}

function checkNames(table: WalkedTable, chains: readonly ChainView[]): void {
  const names = new Set<string>();
  // Built-in names first: a user chain that lies before them may not take one either.
  for (const { kind, name } of chains) if (kind === 'builtin') names.add(name);
  for (const chain of chains) {
    if (chain.kind === 'builtin') continue;
    if (chain.name === '') throw shapeError(table, chain.head ?? chain.first, 'heads a chain without a name');
    if (names.has(chain.name))
      throw shapeError(table, chain.head ?? chain.first, `heads a second chain named ${chain.name}`);
    names.add(chain.name);
  }
}

function findJumps(table: WalkedTable, chains: readonly ChainView[]): Int32Array {
  const { offsets, verdicts: given } = table;
  const chainAt = new Int32Array(offsets.length).fill(-1);
  for (const [index, chain] of chains.entries()) if (chain.kind === 'user') chainAt[chain.first] = index;
  const jumps = new Int32Array(offsets.length).fill(-1);
  for (let index = 0; index < offsets.length; index += 1) {
    const verdict = given[index] ?? 0;
    if (verdict <= 0 || verdict === offsets[index + 1]) continue;
    const to = findEntry(offsets, verdict);
    const chain = to < 0 ? -1 : (chainAt[to] ?? -1);
    if (chain < 0)
      throw shapeError(
        table,
        index,
        `jumps to ${to < 0 ? `byte ${verdict}` : where(table, to)}, which starts no user chain`,
      );
    jumps[index] = chain;
  }
  return jumps;
}

function targetOf({ blob, offsets }: WalkedTable, index: number): number {
  const at = offsets[index] ?? 0;
  return at + blob.targetOffset(at);
}

function isHead({ forms }: WalkedTable, index: number): boolean {
  return forms[index]?.isHead === true;
}

function nameOf(table: WalkedTable, head: number): string {
  return table.blob.errorName(targetOf(table, head), XT_FUNCTION_MAXNAMELEN);
}

function shapeError(table: WalkedTable, index: number, problem: string): BpfilterError {
  return inexpressible(`${where(table, index)} ${problem}`);
}

function inexpressible(problem: string): BpfilterError {
  return new BpfilterError('not-expressible', `${problem}: no layout of chains that can be translated`);
}
