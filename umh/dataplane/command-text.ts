import type { NftCommand, NftObject, NftRule } from '../../rules/nft/json.ts';

/** What a command does, for a log line: "add rule in chain INPUT of bpfilter_filter (counter r5)". */
export function describeCommand(command: NftCommand): string {
  const [[verb, object] = ['', undefined]] = Object.entries(command) as [string, NftObject][];
  return object === undefined ? verb : `${verb} ${describeObject(object)}`;
}

function describeObject(object: NftObject): string {
  if ('rule' in object) return describeRule(object.rule);
  if ('table' in object) return `table ${object.table.name}`;
  const [[kind, { name, table }] = ['', { name: '', table: '' }]] = Object.entries(object) as [
    string,
    { name: string; table: string },
  ][];
  return `${kind} ${name} of ${table}`;
}

function describeRule({ chain, table, expr = [], handle }: NftRule): string {
  const counter = expr.flatMap((statement) => ('counter' in statement ? [statement.counter] : []))[0];
  const target = expr.flatMap((statement) =>
    'jump' in statement ? [statement.jump.target] : 'goto' in statement ? [statement.goto.target] : [],
  )[0];
  const details = [
    ...(counter === undefined ? [] : [`counter ${counter}`]),
    ...(target === undefined ? [] : [`to ${target}`]),
    ...(handle === undefined ? [] : [`handle ${handle}`]),
  ];
  return `rule in chain ${chain} of ${table}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}
