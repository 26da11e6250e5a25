import { filterCase, type PacketCase } from './case.ts';
import { everyWay, mixedProbes } from './probes.ts';

const some = everyWay(mixedProbes);

export const verdictCases: readonly PacketCase[] = [
  filterCase(
    'ACCEPT before DROP',
    ['-A FORWARD -p tcp -j ACCEPT', '-A FORWARD -j DROP', '-A INPUT -p icmp -j ACCEPT', '-A INPUT -j DROP'],
    some,
  ),
  filterCase('policies', [], some, ['INPUT', 'FORWARD']),
  filterCase('policy of OUTPUT', ['-A OUTPUT -p icmp -j ACCEPT'], some, ['OUTPUT']),
  filterCase(
    'RETURN from built-in chains',
    [
      '-A FORWARD -p tcp -j RETURN',
      '-A FORWARD -j DROP',
      '-A INPUT -p icmp -j RETURN',
      '-A INPUT',
      '-A OUTPUT -p udp -j RETURN',
      '-A OUTPUT',
    ],
    some,
    ['INPUT'],
  ),
  filterCase('no target', ['-A FORWARD -p tcp', '-A FORWARD', '-A INPUT -p icmp', '-A OUTPUT ! -p icmp'], some),
  filterCase(
    'jumps and the way back',
    [
      ':one',
      ':two',
      ':three',
      '-A FORWARD -p tcp -j one',
      '-A FORWARD -j two',
      '-A FORWARD',
      '-A one -p tcp -m tcp --dport 80 -j RETURN',
      '-A one -j two',
      '-A one',
      '-A two -p udp -j DROP',
      '-A two -j three',
      '-A two',
      '-A three -p icmp -j RETURN',
      '-A three',
      '-A INPUT -j three',
      '-A OUTPUT -j two',
    ],
    some,
  ),
  filterCase(
    'goto from built-in chains',
    [
      ':one',
      ':two',
      '-A FORWARD -p tcp -g one',
      '-A FORWARD',
      '-A INPUT -g two',
      '-A INPUT',
      '-A OUTPUT -p udp -g one',
      '-A OUTPUT',
      '-A one -p tcp -j two',
      '-A one',
      '-A two -p icmp -j ACCEPT',
      '-A two',
    ],
    some,
    ['INPUT', 'FORWARD'],
  ),
  filterCase(
    'goto from user chains comes back to the caller of the first',
    [
      ':one',
      ':two',
      ':three',
      '-A FORWARD -j one',
      '-A FORWARD',
      '-A one -p tcp -g two',
      '-A one -p udp -j two',
      '-A one',
      '-A two -g three',
      '-A two',
      '-A three -p tcp -m tcp --dport 80 -j RETURN',
      '-A three',
      '-A INPUT -g one',
      '-A INPUT',
      '-A OUTPUT -j one',
      '-A OUTPUT',
    ],
    some,
  ),
  filterCase(
    'chains deep in each other',
    [
      ...Array.from({ length: 12 }, (_, at) => `:deep${at}`),
      '-A FORWARD -j deep0',
      '-A FORWARD',
      ...Array.from({ length: 11 }, (_, at) => `-A deep${at} -p tcp -j deep${at + 1}`),
      ...Array.from({ length: 11 }, (_, at) => `-A deep${at} -s 10.1.0.${at % 3}`),
      '-A deep11 -p tcp -m tcp --dport 80 -j DROP',
      '-A deep11 -j RETURN',
    ],
    some,
  ),
  filterCase(
    'a chain nobody calls, an empty one, one behind DROP',
    [
      ':unused',
      ':empty',
      ':late',
      '-A unused -j DROP',
      '-A FORWARD -j empty',
      '-A FORWARD -p tcp -j DROP',
      '-A FORWARD -p tcp -j late',
      '-A late -j ACCEPT',
      '-A FORWARD -p udp -j late',
    ],
    some,
  ),
  deepCase(13),
];

/** User chains that call each other, a match on a transport header in the deepest. */
export function deepCase(depth: number): PacketCase {
  return filterCase(
    `${depth} chains deep`,
    [
      ...Array.from({ length: depth }, (_, at) => `:deep${at}`),
      '-A FORWARD -p tcp -j deep0',
      ...Array.from({ length: depth - 1 }, (_, at) => `-A deep${at} -j deep${at + 1}`),
      `-A deep${depth - 1} -p tcp -m tcp --dport 80 -j DROP`,
    ],
    some,
  );
}
