/** Whether an option takes an argument: getopt_long's has_arg 0, 1, 2. */
export type Argument = 'none' | 'required' | 'optional';

export interface LongOption {
  readonly name: string;
  readonly argument: Argument;
  /** The short option it stands for. */
  readonly short: string;
}

/** iptables' long options (iptables.c, original_opts): all of them, since abbreviations must be unique among all. */
export const longOptions: readonly LongOption[] = [
  ['append', 'required', 'A'],
  ['delete', 'required', 'D'],
  ['check', 'required', 'C'],
  ['insert', 'required', 'I'],
  ['replace', 'required', 'R'],
  ['list', 'optional', 'L'],
  ['list-rules', 'optional', 'S'],
  ['flush', 'optional', 'F'],
  ['zero', 'optional', 'Z'],
  ['new-chain', 'required', 'N'],
  ['delete-chain', 'optional', 'X'],
  ['rename-chain', 'required', 'E'],
  ['policy', 'required', 'P'],
  ['source', 'required', 's'],
  ['destination', 'required', 'd'],
  ['src', 'required', 's'],
  ['dst', 'required', 'd'],
  ['protocol', 'required', 'p'],
  ['in-interface', 'required', 'i'],
  ['jump', 'required', 'j'],
  ['table', 'required', 't'],
  ['match', 'required', 'm'],
  ['numeric', 'none', 'n'],
  ['out-interface', 'required', 'o'],
  ['verbose', 'none', 'v'],
  ['wait', 'optional', 'w'],
  ['wait-interval', 'optional', 'W'],
  ['exact', 'none', 'x'],
  ['fragments', 'none', 'f'],
  ['version', 'none', 'V'],
  ['help', 'optional', 'h'],
  ['line-numbers', 'none', '0'],
  ['modprobe', 'required', 'M'],
  ['set-counters', 'required', 'c'],
  ['goto', 'required', 'g'],
  ['ipv4', 'none', '4'],
  ['ipv6', 'none', '6'],
].map(([name, argument, short]) => ({ name, argument, short }) as LongOption);

/** Short options (xshared.h, IPT_OPTSTRING); `0` has only the long form. */
export const shortOptions: ReadonlyMap<string, Argument> = new Map<string, Argument>([
  ...[...'ACDEINPRMcdijopstgm'].map((letter) => [letter, 'required'] as const),
  ...[...'FLSXZWhw'].map((letter) => [letter, 'optional'] as const),
  ...[...'V46bfnvx'].map((letter) => [letter, 'none'] as const),
]);
