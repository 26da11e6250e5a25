const units = ['K', 'M', 'G', 'T'] as const;

/**
 * A counter as a column of `iptables -L -v`, without the space behind it: exact in 8 places, else
 * 5 places, shortened by thousands (each step rounds half up) once it passes 99999 and 9999 of a
 * unit (libxtables, xtables_print_num). T is the last unit, whatever the size.
 */
export function counterColumn(value: bigint, exact: boolean): string {
  return exact ? value.toString().padStart(8) : shortened(value).padStart(5);
}

/** The same for a chain's heading, where nothing is padded by iptables' tables (FMT_NOTABLE). */
export function counterWord(value: bigint, exact: boolean): string {
  return exact ? value.toString() : shortened(value);
}

function shortened(value: bigint): string {
  if (value <= 99_999n) return value.toString();
  let rest = value;
  for (const unit of units) {
    // u64 arithmetic in C: the addition of 500 wraps at the very top.
    rest = BigInt.asUintN(64, rest + 500n) / 1000n;
    if (rest <= 9999n || unit === 'T') return `${rest}${unit}`;
  }
  return rest.toString();
}
