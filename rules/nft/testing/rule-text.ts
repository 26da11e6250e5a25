import type { NftExpression, NftStatement } from '../json.ts';

/** Statements as one short line, for tables of expectations: "l4proto==6 th.19!=2 jump:guard_20_1". */
export function ruleText(statements: readonly NftStatement[]): string {
  return statements.map(statementText).join(' ');
}

function statementText(statement: NftStatement): string {
  if ('match' in statement) {
    const { op, left, right } = statement.match;
    return `${expressionText(left)}${op}${expressionText(right)}`;
  }
  const [[name, value] = ['', null]] = Object.entries(statement) as [string, unknown][];
  if (value === null) return name;
  if (typeof value === 'string') return `${name}:${value}`;
  if (typeof value === 'object' && 'target' in value) return `${name}:${String(value.target)}`;
  return name;
}

function expressionText(expression: NftExpression): string {
  if (typeof expression !== 'object') return String(expression);
  if ('meta' in expression) return expression.meta.key;
  if ('payload' in expression) {
    const { payload } = expression;
    return 'base' in payload ? `${payload.base}.${payload.offset / 8}` : `${payload.protocol}.${payload.field}`;
  }
  if ('&' in expression) return `${expressionText(expression['&'][0])}&`;
  if ('set' in expression) return `{${expression.set.map(String).join()}}`;
  return JSON.stringify(expression);
}
