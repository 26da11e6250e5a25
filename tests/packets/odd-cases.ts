import { type PacketCase, table } from './case.ts';
import { type MatchCase, matching } from './matching.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';

const everything = [...truncated, ...fragments, ...odd, ...pieces];

/** One test that reads the transport header, alone in its chain. */
const readers: readonly string[] = [
  '-p tcp -m tcp --dport 80',
  '-p tcp -m tcp ! --dport 80',
  '-p tcp -m tcp --syn',
  '-p tcp -m tcp',
  '-p tcp -m tcp ! --dport :65535',
  '-p udp -m udp --dport 80',
  '-p udp -m udp ! --sport 80',
  '-p udp -m udp',
  '-p icmp -m icmp --icmp-type 8',
  '-p icmp -m icmp ! --icmp-type 8',
  '-p icmp -m icmp --icmp-type any',
  '-p icmp -m icmp ! --icmp-type any',
  '-p tcp -m multiport --dports 80',
  '-p tcp -m multiport ! --dports 80',
  '-p udp -m multiport --ports 1:79',
  '-p udp -m multiport ! --sports 0:65535',
  '-s 10.1.0.2 -p tcp -m multiport --ports 80 -m tcp --syn',
  '-p tcp -m tcp --dport 81 -m multiport --sports 1',
  '-d 10.9.9.9 -p tcp -m tcp --dport 80',
  '-f -p tcp -m tcp --dport 80',
  '! -f -p tcp -m tcp --dport 80',
  '-p tcp -m limit --limit 1/hour --limit-burst 4 -m tcp --dport 80',
  '-p udp -m udp --dport 80 -m limit --limit 1/hour --limit-burst 4',
];

const cases: readonly MatchCase[] = [
  matching('-f', everything),
  matching('! -f', everything),
  matching('-f -p tcp', everything),
  matching('! -f ! -p tcp', everything),
  matching('-f ! -s 10.1.0.0/24', everything),
  ...readers.map((tests) => matching(tests, everything)),
];

/** The same readers before anything is forwarded, where the host's own fragments are still in pieces. */
function early(tests: string): PacketCase {
  const rules = [`-A PREROUTING ${tests} -j DROP`, `-A OUTPUT ${tests} -j DROP`, '-A PREROUTING -f', '-A OUTPUT ! -f'];
  return { title: `raw: ${tests}`, steps: [{ restore: table('raw', rules) }, { send: everything }] };
}

/** Several readers in a row, in several tables: whatever drops first drops alone. */
const rows: readonly PacketCase[] = [
  [
    table(
      'filter',
      readers.map((tests) => `-A FORWARD ${tests}`),
    ),
  ],
  [
    table(
      'filter',
      [...readers].reverse().map((tests) => `-A FORWARD ${tests}`),
    ),
  ],
  [
    table('filter', [
      ':user',
      '-A FORWARD -p tcp -j user',
      '-A FORWARD -p udp -g user',
      ...readers.map((tests) => `-A user ${tests}`),
    ]),
  ],
  [
    table('raw', ['-A PREROUTING -p udp -m udp --dport 80']),
    table('mangle', ['-A FORWARD -p tcp -m tcp', '-A POSTROUTING -p icmp -m icmp --icmp-type 8']),
    table('security', ['-A FORWARD -p tcp -m multiport --ports 80']),
  ],
].map((tables, at) => ({
  title: `rows of readers ${at + 1}`,
  steps: [{ restore: tables.join('') }, { send: everything }],
}));

export const oddCases: readonly PacketCase[] = [
  ...cases,
  ...readers.filter((_, at) => at % 2 === 0).map(early),
  ...rows,
];
