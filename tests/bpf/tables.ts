import { ipv4 } from '../../protocol/family.ts';
import { encodeTable } from '../../rules/blob/encode.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import type { Chain, Rule, Table } from '../../rules/ir.ts';
import { rule } from '../../rules/nft/testing/rules.ts';
import type { Chains, TableOptions } from '../../rules/nft/testing/table.ts';

/** A table by its chains, as libiptc lays it out; the built-in chains are there anyway. */
export function makeTable(chains: Chains, { table = 'filter', policies = {} }: TableOptions = {}): Table {
  let next = 0;
  const number = (one: Rule): Rule => ({ ...one, index: next++ });
  const builtins = ipv4.tables[table].chains;
  const made: Chain[] = builtins.map(({ name, hook }) => ({
    kind: 'builtin',
    name,
    hook,
    rules: (chains[name] ?? []).map(number),
    policy: number(rule({ target: { kind: policies[name] ?? 'accept' } })),
  }));
  for (const [name, rules] of Object.entries(chains)) {
    if (builtins.some((chain) => chain.name === name)) continue;
    const headIndex = next++;
    const numbered = rules.map(number);
    made.push({ kind: 'user', name, headIndex, rules: numbered, tail: number(rule({ target: { kind: 'return' } })) });
  }
  return { name: table, chains: made };
}

/** The same as iptables' bytes, read by what reads them from callers. */
export function viewOf(table: Table): BlobView {
  const { entries, hookEntry, underflow } = encodeTable(table);
  return viewTable(table.name, entries, { hookEntry, underflow });
}
