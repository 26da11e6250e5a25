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
