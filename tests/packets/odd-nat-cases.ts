import { table } from './case.ts';
import { listing, type NatCase, stateFilter } from './nat-case.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import type { Sent } from './packet.ts';

const strange: readonly Sent[] = [...truncated, ...fragments, ...odd, ...pieces];

/** Rules of one table for packets that aren't whole, or aren't what they say; filter counts by state. */
function oddCase(name: 'nat' | 'raw' | 'mangle' | 'filter', rules: readonly string[]): NatCase {
  const restore = name === 'filter' ? table('filter', rules) : table(name, rules) + stateFilter;
  return {
    title: `odd packets: ${rules.join(', ')}`,
    made: [],
    steps: [{ restore }, { send: strange }, { run: listing }],
  };
}

/** None makes one flow of two: a port would be chosen by chance. */
export const oddCases: readonly NatCase[] = [
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.2.0.9',
    '-A POSTROUTING -j SNAT --to-source 10.2.0.50',
  ]),
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -p tcp -j DNAT --to-destination 10.2.0.9:81',
    '-A PREROUTING -d 10.2.0.2 -p udp -m udp --dport 80 -j DNAT --to-destination :9',
  ]),
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080',
    '-A PREROUTING -d 10.2.0.2 -p udp -m udp --dport 80 -j REDIRECT --to-ports 99',
  ]),
  oddCase('nat', ['-A PREROUTING -j NETMAP --to 10.2.0.128/25', '-A INPUT -j NETMAP --to 10.2.0.0/25']),
  oddCase('nat', ['-A POSTROUTING -p udp -m udp --dport 53 -j MASQUERADE', '-A POSTROUTING']),
  oddCase('raw', ['-A PREROUTING -j CT --notrack', '-A OUTPUT -p udp -j CT --notrack']),
  oddCase('raw', ['-A PREROUTING -p tcp -j CT --zone 4', '-A PREROUTING -p udp -j CT --zone-orig 5']),
  oddCase('raw', ['-A PREROUTING -p udp -j TRACE', '-A PREROUTING -p tcp -j NOTRACK']),
  oddCase('raw', ['-A PREROUTING -j TEE --gateway 10.2.0.77']),
  oddCase('mangle', ['-A FORWARD -j TEE --gateway 192.0.2.77', '-A INPUT -j TEE --gateway 10.2.0.77']),
  oddCase(
    'mangle',
    ['tcp', 'udp'].map((one) => `-A PREROUTING -p ${one} -j TPROXY --on-port 4000`),
  ),
];
export const oddSynproxy = oddCase('filter', [
  '-A FORWARD -p tcp -j SYNPROXY --sack-perm --mss 1460',
  '-A INPUT -p tcp -j SYNPROXY',
  '-A FORWARD',
]);
