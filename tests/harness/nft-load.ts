import { spawnSync } from 'node:child_process';
import type { NftDocument, NftStatement } from '../../rules/nft/json.ts';

const inTable = { family: 'ip', table: 'loaded' } as const;

/** Into a network namespace of its own, as whoever runs this. */
const unshare = ['unshare', process.getuid?.() === 0 ? '-n' : '-Urn'] as const;

/** Why real nft can't be asked here; undefined where it can. */
export const noNft: string | undefined = ((): string | undefined => {
  const tried = inNamespace('nft add table ip t', '');
  return tried.status === 0 ? undefined : `nft in a network namespace: ${tried.error?.message ?? tried.stderr.trim()}`;
})();

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
  const document: NftDocument = {
    nftables: [
      { add: { table: { family: 'ip', name: inTable.table } } },
      { add: { chain: { ...inTable, name: 'c', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } } },
      ...rules.map((expr) => ({ add: { rule: { ...inTable, chain: 'c', expr } } })),
    ],
  };
  const list = 'list chain ip loaded c';
  // Node's stdin of a child is a socket, which nft can't open as /dev/stdin: `cat` makes it a pipe.
  const run = inNamespace(
    `cat | nft -j -f - && nft -a ${list} && echo ==== && nft -j ${list}`,
    JSON.stringify(document),
  );
  if (run.status !== 0) throw new Error(`nft: ${run.signal ?? ''}${run.stderr}${run.stdout.slice(-300)}`);
  const [text = '', json = ''] = run.stdout.split('\n====\n');
  const lines = text.split('\n').filter((line) => /^\t\t.* # handle \d+$/.test(line) && !line.startsWith('\t\ttype '));
  const objects = (JSON.parse(json) as { nftables: { rule?: { expr: unknown[] } }[] }).nftables;
  const listed = objects.flatMap(({ rule }) => (rule === undefined ? [] : [rule.expr]));
  if (listed.length !== rules.length || lines.length !== rules.length)
    throw new Error(`nft listed ${listed.length} and ${lines.length} rules of ${rules.length}`);
  return listed.map((expr, index) => ({ text: (lines[index] ?? '').replace(/ # handle \d+$/, '').trim(), json: expr }));
}

function inNamespace(
  script: string,
  input: string,
): ReturnType<typeof spawnSync> & { readonly stdout: string; readonly stderr: string } {
  const [command, ...flags] = unshare;
  return spawnSync(command, [...flags, 'sh', '-c', script], {
    input,
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 1 << 26,
  });
}
