import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { matching } from './matching.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';

const states = [
  'NEW',
  'ESTABLISHED',
  'RELATED',
  'INVALID',
  'UNTRACKED',
  'NEW,ESTABLISHED',
  'ESTABLISHED,RELATED',
  'INVALID,NEW',
  'NEW,DNAT',
  'SNAT',
  'INVALID,SNAT,ESTABLISHED',
];
const others = [
  '--ctproto tcp',
  '--ctproto icmp',
  '--ctorigsrc 10.1.0.2',
  '--ctorigsrc 10.0.0.0/8 --ctproto udp',
  '--ctorigdst 10.2.0.0/24',
  '--ctreplsrc 10.2.0.2',
  '--ctrepldst 10.1.0.0/255.255.0.255',
  '--ctorigsrcport 1025',
  '--ctorigdstport 80:443',
  '--ctreplsrcport 53',
  '--ctrepldstport 1025:3001',
  '--ctorigdstport 54 --ctproto 17',
  '--ctstatus NONE',
  '--ctstatus SEEN_REPLY',
  '--ctstatus ASSURED',
  '--ctstatus CONFIRMED',
  '--ctstatus EXPECTED',
  '--ctstatus SEEN_REPLY,EXPECTED',
  '--ctexpire 1000:',
  '--ctexpire 20:40',
  '--ctexpire 100',
  '--ctdir ORIGINAL',
  '--ctdir REPLY',
];
const inverted = others.filter((one) => !one.includes('ctdir') && one.split(' ').length === 2).map((one) => `! ${one}`);
const together = [
  '--ctstate NEW --ctdir ORIGINAL',
  '! --ctstate NEW --ctproto tcp',
  '--ctstate ESTABLISHED ! --ctorigdstport 80',
  '--ctstate INVALID --ctproto tcp',
  '! --ctstate INVALID ! --ctstatus ASSURED',
  '--ctdir REPLY --ctreplsrcport 80 --ctstate ESTABLISHED,RELATED',
  '--ctstate NEW,INVALID --ctorigsrc 10.1.0.2 ! --ctproto udp',
  '! --ctstate NEW,SNAT --ctdir ORIGINAL',
];

/** Some of them take everything or nothing: the kernel says which, and ours says the same. */
function conntrack(tests: string): PacketCase {
  return matching(tests, flows);
}

export const conntrackCases: readonly PacketCase[] = [
  ...states.flatMap((one) => [`--ctstate ${one}`, `! --ctstate ${one}`]).map((one) => conntrack(`-m conntrack ${one}`)),
  ...[...others, ...inverted, ...together].map((one) => conntrack(`-m conntrack ${one}`)),
  ...['NEW', 'ESTABLISHED,RELATED', 'INVALID']
    .flatMap((one) => [`--state ${one}`, `! --state ${one}`])
    .map((one) => conntrack(`-m state ${one}`)),
  ...[
    '-p tcp -m conntrack --ctorigdstport 80',
    '-p icmp -m conntrack --ctproto 17',
    '-p icmp -m conntrack --ctorigsrcport 3002',
    '! -p tcp -m conntrack --ctorigdstport 50:60',
    '-p tcp -m tcp --dport 80 -m conntrack --ctstate NEW',
  ].map(conntrack),
  {
    title: 'all at once',
    steps: [
      {
        restore: table(
          'filter',
          ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) =>
            [...others, ...inverted, ...together, ...states.map((one) => `--ctstate ${one}`)].map(
              (one) => `-A ${chain} -m conntrack ${one}`,
            ),
          ),
        ),
      },
      { send: flows },
    ],
  },
  {
    title: 'fragments, cut headers and odd ones, tracked',
    steps: [
      {
        restore:
          table('filter', [
            '-A FORWARD -m conntrack --ctstate NEW',
            '-A FORWARD -m conntrack --ctstate INVALID',
            '-A FORWARD -p tcp -m tcp --dport 80',
            '-A FORWARD -f',
            '-A FORWARD -p udp -m udp --dport 53 -j DROP',
            '-A INPUT -p udp -m state --state NEW -j DROP',
          ]) + table('raw', ['-A PREROUTING -f', '-A PREROUTING -p tcp -m tcp --syn', '-A OUTPUT -f']),
      },
      { send: [...truncated, ...fragments, ...odd, ...pieces] },
    ],
  },
  {
    title: 'a stateful firewall',
    steps: [
      {
        restore: table(
          'filter',
          [
            ':in',
            '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
            '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
            '-A FORWARD -i left -p tcp -m tcp --dport 80 --syn -j ACCEPT',
            '-A FORWARD -i left -p udp -m udp --dport 53 -j ACCEPT',
            '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
            '-A FORWARD -j REJECT',
            '-A INPUT -m state --state NEW -g in',
            '-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT',
            '-A in -p icmp -j ACCEPT',
            '-A in -j LOG --log-prefix new',
            '-A in -j REJECT --reject-with icmp-admin-prohibited',
          ],
          ['INPUT', 'FORWARD'],
        ),
      },
      { send: flows },
    ],
  },
];

const natChains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'];
const everyTable: Readonly<Record<'raw' | 'mangle' | 'security' | 'nat', readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: natChains,
};
const bodies: readonly (readonly [title: string, rules: readonly string[]])[] = [
  ['count', ['', '-p tcp', '! -p tcp', '-s 10.1.0.0/16']],
  ['ACCEPT', ['-p tcp -j ACCEPT', '-p udp', '-j ACCEPT', '-p icmp']],
  ['RETURN', ['-p udp -j RETURN', '-p tcp -m tcp --dport 80 -j RETURN', '']],
];

/** Rules for a packet's whole way through the host. */
function allTables(
  names: readonly (keyof typeof everyTable)[],
  rules: readonly string[],
  dropping: readonly string[] = [],
): string {
  return names
    .map((name) =>
      table(
        name,
        everyTable[name].flatMap((chain) => rules.map((rule) => `-A ${chain} ${rule}`)),
        everyTable[name].filter((chain) => dropping.includes(chain)),
      ),
    )
    .join('');
}

export const tableCases: readonly PacketCase[] = [
  ...(['raw', 'mangle', 'security', 'nat'] as const).flatMap((name) =>
    bodies.map(([title, rules]) => ({
      title: `${name}: ${title}`,
      steps: [{ restore: allTables([name], rules) }, { send: flows }],
    })),
  ),
  ...(['raw', 'mangle', 'security'] as const).flatMap((name) =>
    everyTable[name].map((chain) => ({
      title: `${name}: policy DROP of ${chain}`,
      steps: [{ restore: allTables([name], ['-p tcp -j ACCEPT', '-p icmp -j RETURN'], [chain]) }, { send: flows }],
    })),
  ),
  ...(['raw', 'mangle', 'security'] as const).map((name) => ({
    title: `${name}: DROP`,
    steps: [
      {
        restore:
          allTables([name], ['-p udp -j DROP', '-p tcp -m tcp --sport 80 -j DROP']) +
          table('filter', ['-A FORWARD', '-A INPUT', '-A OUTPUT']),
      },
      { send: flows },
    ],
  })),
  {
    title: 'all tables',
    steps: [
      {
        restore:
          allTables(
            ['raw', 'mangle', 'security', 'nat'],
            ['-p udp', '-m mark --mark 1', '-p tcp -j MARK --set-mark 1', '-m mark --mark 1'],
          ) +
          table('filter', [
            '-A FORWARD -m mark --mark 1',
            '-A FORWARD -p udp -j DROP',
            '-A INPUT -m conntrack --ctstate NEW',
            '-A OUTPUT -m conntrack --ctstate ESTABLISHED',
          ]),
      },
      { send: flows },
    ],
  },
  {
    title: 'nat: user chains',
    steps: [
      {
        restore: table('nat', [
          ':one',
          ':two',
          ...natChains.map((chain) => `-A ${chain} -j one`),
          ...natChains.map((chain) => `-A ${chain}`),
          '-A one -p tcp -g two',
          '-A one -p udp -j RETURN',
          '-A one',
          '-A two -p tcp -m tcp --dport 80 -j ACCEPT',
          '-A two -j MARK --set-mark 9',
          '-A two -j LOG',
          '-A two -m mark --mark 9',
        ]),
      },
      { send: flows },
    ],
  },
  {
    title: 'nat: policy with nothing else',
    steps: [{ restore: table('nat', []) }, { send: [...flows, ...pieces, ...odd] }],
  },
];
