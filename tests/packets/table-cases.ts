import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { odd, pieces } from './odd-packets.ts';

const natChains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'];
const everyTable: Readonly<Record<'raw' | 'mangle' | 'security' | 'nat', readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: natChains,
};
/** Nothing asks for connection tracking by itself, and nat sees packets of tracked connections only. */
const tracked = table('filter', ['-A FORWARD -m conntrack --ctstate NEW', '-A INPUT -m conntrack --ctstate NEW']);

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
      steps: [{ restore: allTables([name], rules) + tracked }, { send: flows }],
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
        restore:
          table('nat', [
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
          ]) + tracked,
      },
      { send: flows },
    ],
  },
  { title: 'nat without tracking', steps: [{ restore: table('nat', []) }, { send: [...flows, ...pieces, ...odd] }] },
  ...natChains.map((chain) => ({
    title: `nat: policy DROP of ${chain}`,
    steps: [
      { restore: table('nat', ['-A OUTPUT -p icmp', '-A PREROUTING -p icmp -j ACCEPT'], [chain]) + tracked },
      { send: flows },
    ],
  })),
];
