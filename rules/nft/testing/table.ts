import { ipv4 } from '../../../protocol/family.ts';
import type { Rule, TableName } from '../../ir.ts';
import type { ChainSource, TableSource } from '../source.ts';
import { rule } from './rules.ts';

/** Chains of a table by name; the built-in ones are there anyway. */
export type Chains = Readonly<Record<string, readonly Rule[]>>;

export interface TableOptions {
  readonly table?: TableName;
  readonly policies?: Readonly<Record<string, 'accept' | 'drop'>>;
}

/** A table as the planner sees it, without a blob: keys are JSON. */
export function tableOf(chains: Chains, { table = 'filter', policies = {} }: TableOptions = {}): TableSource {
  const entries: (Rule | undefined)[] = [];
  const sources: ChainSource[] = [];
  const builtins = ipv4.tables[table].chains;
  const add = (list: readonly Rule[]): { first: number; last: number } => {
    const first = entries.length;
    entries.push(...list);
    return { first, last: entries.length - 1 };
  };
  for (const { name, hook } of builtins) {
    const policy = rule({ target: { kind: policies[name] ?? 'accept' } });
    sources.push({ kind: 'builtin', name, hook, ...add([...(chains[name] ?? []), policy]) });
  }
  for (const [name, rules] of Object.entries(chains)) {
    if (builtins.some((chain) => chain.name === name)) continue;
    entries.push(undefined); // the head
    sources.push({ kind: 'user', name, ...add([...rules, rule({ target: { kind: 'return' } })]) });
  }
  entries.push(undefined); // the end
  const at = (index: number): Rule => {
    const found = entries[index];
    if (found === undefined) throw new RangeError(`entry ${index} is no rule`);
    return { ...found, index };
  };
  return {
    table,
    offsets: entries,
    chains: sources,
    jumpHooks: hooksOf(entries, sources),
    rule: at,
    key: (index) => {
      const { header, matches, target } = at(index);
      return JSON.stringify([header, matches, target]);
    },
  };
}

/** By entry: hooks that a jump or goto leads from, whatever stands before it. */
function hooksOf(entries: readonly (Rule | undefined)[], chains: readonly ChainSource[]): Uint8Array {
  const hooks = new Uint8Array(entries.length);
  const reach = ({ first, last }: ChainSource, hook: number): void => {
    if (((hooks[last] ?? 0) & hook) !== 0) return;
    hooks.fill((hooks[last] ?? 0) | hook, first, last + 1);
    for (const entry of entries.slice(first, last + 1)) {
      if (entry?.target.kind !== 'jump' && entry?.target.kind !== 'goto') continue;
      const { chain } = entry.target;
      const next = chains.find(({ kind, name }) => kind === 'user' && name === chain);
      if (next !== undefined) reach(next, hook);
    }
  };
  for (const chain of chains) if (chain.hook !== undefined) reach(chain, 1 << chain.hook);
  return hooks;
}
