import { spawnSync } from 'node:child_process';
import { viewTable } from '../../rules/blob/view.ts';
import type { Rule, TableName } from '../../rules/ir.ts';
import { kernelClient } from '../text-native/kernel-client.ts';

/** Runs iptables-legacy in this thread's namespace; gives its complaint, "" for none. */
export function iptables(args: readonly string[]): string {
  const { status, stderr } = spawnSync('iptables-legacy', args, { encoding: 'utf8' });
  return status === 0 ? '' : stderr || `status ${status}`;
}

/** The rules of a table of the kernel's own ip_tables in this thread's namespace, policies included. */
export function nativeRules(table: TableName): readonly Rule[] {
  const client = kernelClient();
  const info = client.getInfo(table);
  const view = viewTable(table, client.getEntries(table, info.size), info);
  return view.chains.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => view.rule(first + index)),
  );
}

/** The built-in chain's rules of a table, the policy not among them. */
export function nativeChain(table: TableName, chain: string): readonly Rule[] {
  const client = kernelClient();
  const info = client.getInfo(table);
  const view = viewTable(table, client.getEntries(table, info.size), info);
  const found = view.chains.find(({ kind, name }) => kind === 'builtin' && name === chain);
  if (found === undefined) return [];
  return Array.from({ length: found.last - found.first }, (_, index) => view.rule(found.first + index));
}
