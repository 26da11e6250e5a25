const integer = /^[ \f\n\r\t\v]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/;

const INT_MAX = 0x7fff_ffffn;

/** A rule number as iptables reads it (decimal, 0x…, 0…; nothing behind it): 1 to INT_MAX, else undefined. */
export function ruleNumber(text: string): number | undefined {
  const [all, sign, digits] = integer.exec(text) ?? [];
  if (all !== text || sign === '-' || digits === undefined) return undefined;
  const value = integerOf(digits);
  return value >= 1n && value <= INT_MAX ? Number(value) : undefined;
}

/** The number at the start of a text, as sscanf's %i finds it; undefined when there is none. */
export function leadingInteger(text: string): number | undefined {
  const [, sign, digits] = integer.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = Number(integerOf(digits));
  return sign === '-' ? -value : value;
}

/** Octal is 0… in C, 0o… in JavaScript. */
function integerOf(digits: string): bigint {
  return BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
}
