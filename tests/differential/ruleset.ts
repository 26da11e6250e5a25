import { ipv4, type TableName } from '../../protocol/family.ts';

/** A rule of a random ruleset, with the examples it was made of. */
export interface RandomRule {
  readonly chain: string;
  /** Without `-A CHAIN`. */
  readonly text: string;
  /** `match tcp: -p tcp -m tcp …`, as `exampleName` has it. */
  readonly examples: readonly string[];
}

export interface UserChain {
  readonly name: string;
  /** The built-in chains that may lead to it. */
  readonly from: readonly string[];
}

export interface RandomTable {
  readonly name: TableName;
  /** Built-in chains with policy DROP. */
  readonly dropping: readonly string[];
  readonly users: readonly UserChain[];
  readonly rules: readonly RandomRule[];
}

/** Several tables as iptables-restore reads them. */
export function restoreText(tables: readonly RandomTable[]): string {
  return tables.map(tableText).join('');
}

function tableText({ name, dropping, users, rules }: RandomTable): string {
  const chains = ipv4.tables[name].chains.map(
    (chain) => `:${chain.name} ${dropping.includes(chain.name) ? 'DROP' : 'ACCEPT'} [0:0]`,
  );
  return [
    `*${name}`,
    ...chains,
    ...users.map(({ name: chain }) => `:${chain} - [0:0]`),
    ...rules.map(ruleLine),
    'COMMIT',
    '',
  ].join('\n');
}

export function ruleLine({ chain, text }: RandomRule): string {
  return text === '' ? `-A ${chain}` : `-A ${chain} ${text}`;
}

/** Only these of its rules, but every user chain reached from wherever it may be: what is refused then is refused anywhere. */
export function withReach(table: RandomTable, rules: readonly RandomRule[]): RandomTable {
  const jumps = table.users.flatMap(({ name, from }) =>
    from.map((chain): RandomRule => ({ chain, text: `-j ${name}`, examples: [] })),
  );
  return { ...table, rules: [...jumps, ...rules] };
}

export function emptyTable(name: TableName): RandomTable {
  return { name, dropping: [], users: [], rules: [] };
}
