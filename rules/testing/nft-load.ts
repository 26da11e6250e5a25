import { spawnSync } from 'node:child_process';
import type { NftAlternatives } from '../extension.ts';
import type { NftChain, NftDocument, NftStatement } from '../nft/json.ts';

/** A fresh network namespace, for an ordinary user within a user namespace of its own. */
const isolated = process.getuid?.() === 0 ? ['-n'] : ['-Urn'];

/** Node's own pipes are sockets, which nft can't open as /dev/stdin: the shell's `cat` makes a true one. */
function inNamespace(script: string, args: readonly string[], input: string) {
  return spawnSync('unshare', [...isolated, 'sh', '-c', script, 'sh', ...args], {
    input,
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 1 << 26,
  });
}

function nft(args: readonly string[], input: string) {
  return inNamespace('cat | nft "$@"', args, input);
}

/** Why nft can't be asked here; undefined when it can. */
export const nftMissing: string | undefined = (() => {
  const { status, stderr, error } = nft(['list', 'tables'], '');
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
})();

function documentOf(rules: readonly (readonly NftStatement[])[], base: Partial<NftChain> = {}): string {
  const inTable = { family: 'ip', table: 'trial' } as const;
  const document: NftDocument = {
    nftables: [
      { add: { table: { family: 'ip', name: 'trial' } } },
      { add: { chain: { ...inTable, name: 'rules', ...base } } },
      ...rules.map((expr) => ({ add: { rule: { ...inTable, chain: 'rules', expr } } })),
    ],
  };
  return JSON.stringify(document);
}

/** Loads each alternative as a rule, for trial only. Gives nft's complaints, "" when there are none. */
export function loadErrors(matches: readonly NftAlternatives[]): string {
  const rules = matches.flat().map((statements) => (statements.length === 0 ? [{ accept: null }] : statements));
  const { status, stderr } = nft(['-j', '-c', '-f', '-'], documentOf(rules));
  return status === 0 ? '' : stderr;
}

/** What nft made of a rule: its lines of `nft list`, and of `nft -j list` the statements. */
export interface LoadedRule {
  readonly text: string;
  readonly json: readonly unknown[];
}

/**
 * Loads rules, each a list of statements, into one chain at the input hook of a throwaway network
 * namespace by `nft -j -f -`, and lists them back both ways. Throws with nft's words when it refuses
 * a rule or can't list one.
 */
export function loadRules(rules: readonly (readonly NftStatement[])[]): readonly LoadedRule[] {
  const list = 'list chain ip trial rules';
  const script = `cat | nft -j -f - && nft -a ${list} && echo ==== && nft -j ${list}`;
  const run = inNamespace(script, [], documentOf(rules, { type: 'filter', hook: 'input', prio: 0, policy: 'accept' }));
  if (run.status !== 0) throw new Error(`nft: ${run.signal ?? ''}${run.stderr}${run.stdout.slice(-300)}`);
  const [text = '', json = ''] = run.stdout.split('\n====\n');
  const lines = text.split('\n').filter((line) => /^\t\t.* # handle \d+$/.test(line) && !line.startsWith('\t\ttype '));
  const objects = (JSON.parse(json) as { nftables: { rule?: { expr: unknown[] } }[] }).nftables;
  const listed = objects.flatMap(({ rule }) => (rule === undefined ? [] : [rule.expr]));
  if (listed.length !== rules.length || lines.length !== rules.length)
    throw new Error(`nft listed ${listed.length} and ${lines.length} rules of ${rules.length}`);
  return listed.map((expr, index) => ({ text: (lines[index] ?? '').replace(/ # handle \d+$/, '').trim(), json: expr }));
}

/** The kernel expressions nft makes of a rule, in their order, e.g. "cmp eq reg 1 0x00000006". */
export function expressionsOf(statements: readonly NftStatement[]): readonly string[] {
  const { stdout } = nft(['--debug=netlink', '-j', '-c', '-f', '-'], documentOf([statements]));
  return [...stdout.matchAll(/^ {2}\[ (.*) \]$/gm)].map(([, expression = '']) => expression);
}
