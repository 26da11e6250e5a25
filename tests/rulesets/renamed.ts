import type { PacketCase, Step } from '../packets/case.ts';

/** Names for the two devices of the test network. */
export interface DeviceNames {
  readonly left: string;
  readonly right: string;
}

/** What a device loses when it is taken down. */
const routes = { left: '192.0.2.0/24', right: '198.51.100.0/24' } as const;
const sides = ['left', 'right'] as const;

/**
 * The devices of the test network under the names that a ruleset speaks of.
 *
 * @param lines for `ip -batch`, once they have these names: addresses, routes, devices. What they add goes at the end.
 */
export function renamed(
  names: DeviceNames,
  lines: readonly string[] = [],
): { readonly before: readonly Step[]; readonly cleanup: NonNullable<PacketCase['cleanup']> } {
  const there = sides.flatMap((side) => rename(side, names[side], routes[side]));
  const back = sides.flatMap((side) => rename(names[side], side, routes[side]));
  const undone = lines.flatMap((line) => undo(line) ?? []).reverse();
  return { before: [{ run: batch([...there, ...lines]) }], cleanup: batch([...undone, ...back], ' -force') };
}

/** Up again after its routes went with its name. */
function rename(from: string, to: string, route: string): readonly string[] {
  return [`link set ${from} down`, `link set ${from} name ${to}`, `link set ${to} up`, `route add ${route} dev ${to}`];
}

/** Routes go with the device they lead to, when that is taken down. */
function undo(line: string): string | undefined {
  if (line.startsWith('address add')) return line.replace(' add ', ' delete ');
  return line.startsWith('tuntap add') ? line.replace(' add ', ' delete ') : undefined;
}

/** With `-force` each line is tried, whatever became of those before. */
function batch(lines: readonly string[], flag = ''): string {
  return `ip${flag} -batch - <<'END'\n${lines.join('\n')}\nEND`;
}
