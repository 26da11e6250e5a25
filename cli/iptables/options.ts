import type { Exit } from './exit.ts';
import { parameterProblem } from './exit.ts';

/** Options that iptables keeps track of (xshared.c, optflags), in the order in which it finds fault with them. */
export const trackedOptions = ['n', 's', 'd', 'p', 'j', 'v', 'x', 'i', 'o', '0', 'c', 'f'] as const;

export type TrackedOption = (typeof trackedOptions)[number];

/** Those that may stand behind `!`. */
const invertible: ReadonlySet<TrackedOption> = new Set<TrackedOption>(['s', 'd', 'p', 'i', 'o', 'f']);

/** Those that each command allows (xshared.c, commands_v_options). */
const allowed: Readonly<Record<'L' | 'S', ReadonlySet<TrackedOption>>> = {
  L: new Set<TrackedOption>(['n', 'v', 'x', '0']),
  S: new Set<TrackedOption>(['v']),
};

/** Notes an option; what is wrong with it here, or undefined (xshared.c, set_option). */
export function setOption(seen: Set<TrackedOption>, option: TrackedOption, inverted: boolean): Exit | undefined {
  if (seen.has(option)) return parameterProblem(`multiple -${option} flags not allowed`);
  seen.add(option);
  if (inverted && !invertible.has(option)) return parameterProblem(`cannot have ! before -${option}`);
  return undefined;
}

/** The first option that doesn't go with the command, or undefined (xshared.c, generic_opt_check). */
export function illegalOption(seen: ReadonlySet<TrackedOption>, command: 'L' | 'S'): Exit | undefined {
  const wrong = trackedOptions.find((option) => seen.has(option) && !allowed[command].has(option));
  return wrong === undefined ? undefined : parameterProblem(`Illegal option \`-${wrong}' with this command`);
}
