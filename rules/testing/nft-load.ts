import { spawnSync } from 'node:child_process';
import type { NftAlternatives } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';

/** A fresh network namespace, for an ordinary user within a user namespace of its own. */
const isolated = process.getuid?.() === 0 ? ['-n'] : ['-Urn'];

/** Node's own pipes are sockets, which nft can't open as /dev/stdin: the shell makes a true one. */
function nft(args: readonly string[], input: string) {
  return spawnSync('unshare', [...isolated, 'sh', '-c', 'cat | nft "$@"', 'sh', ...args], { input, encoding: 'utf8' });
}

/** Why nft can't be asked here; undefined when it can. */
export const nftMissing: string | undefined = (() => {
  const { status, stderr, error } = nft(['list', 'tables'], '');
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
})();

function documentOf(rules: readonly (readonly NftStatement[])[]): string {
  const inTable = { family: 'ip', table: 'trial' };
  const added = rules.map((expr) => ({ add: { rule: { ...inTable, chain: 'rules', expr } } }));
  const table = { add: { table: { family: 'ip', name: 'trial' } } };
  return JSON.stringify({ nftables: [table, { add: { chain: { ...inTable, name: 'rules' } } }, ...added] });
}

/** Loads each alternative as a rule, for trial only. Gives nft's complaints, "" when there are none. */
export function loadErrors(matches: readonly NftAlternatives[]): string {
  const rules = matches.flat().map((statements) => (statements.length === 0 ? [{ accept: null }] : statements));
  const { status, stderr } = nft(['-j', '-c', '-f', '-'], documentOf(rules));
  return status === 0 ? '' : stderr;
}

/** The kernel expressions nft makes of a rule, in their order, e.g. "cmp eq reg 1 0x00000006". */
export function expressionsOf(statements: readonly NftStatement[]): readonly string[] {
  const { stdout } = nft(['--debug=netlink', '-j', '-c', '-f', '-'], documentOf([statements]));
  return [...stdout.matchAll(/^ {2}\[ (.*) \]$/gm)].map(([, expression = '']) => expression);
}
