import { type PacketCase, table } from './case.ts';
import { both } from './counting.ts';
import { matching } from './matching.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { sent } from './packet.ts';
import { everyWay, tcpProbes, udpProbes } from './probes.ts';
import { udp } from './transport.ts';

const small = [...everyWay(udpProbes), ...everyWay(tcpProbes)];
const quotas = ['0', '1', '27', '28', '29', '56', '57', '300', '1000', '100000', '18446744073709551615'];
export const quota: readonly PacketCase[] = [
  ...quotas.flatMap((one) => both.map((not) => matching(`-m quota ${not}--quota ${one}`, small))),
  ...quotas
    .slice(3)
    .flatMap((one) =>
      [
        `-p udp -m quota --quota ${one} -m udp --dport 53`,
        `-p udp -m udp --dport 53 -m quota --quota ${one}`,
        `-p udp -m multiport --ports 53,1024:2000 -m quota ! --quota ${one}`,
        `-p tcp -m quota --quota ${one} -m multiport --ports 80,443`,
        `-m quota --quota ${one} -m conntrack --ctstate NEW,DNAT`,
        `-m conntrack --ctstate NEW,DNAT -m quota --quota ${one}`,
      ].map((tests) => matching(tests, [...small, ...truncated, ...fragments, ...odd])),
    ),
  {
    title: 'two quotas in a row and in one rule',
    steps: [
      {
        restore: table('filter', [
          ':both',
          '-A FORWARD -m quota --quota 200 -j both',
          '-A FORWARD -m quota --quota 500 -m quota --quota 100 -j DROP',
          '-A INPUT -j both',
          '-A both -m quota --quota 400 -j RETURN',
          '-A both -p udp -m quota ! --quota 100 -j DROP',
        ]),
      },
      { send: small },
    ],
  },
];

const turns = ['1 --packet 0', '2 --packet 0', '2 --packet 1', '5 --packet 2', '7 --packet 6', '4294967295 --packet 3'];
export const statistic: readonly PacketCase[] = [
  ...turns.flatMap((one) => both.map((not) => matching(`-m statistic --mode nth ${not}--every ${one}`, small))),
  ...[
    '-p udp -m statistic --mode nth --every 3 --packet 1 -m udp --dport 53',
    '-p udp -m udp --sport 1024 -m statistic --mode nth ! --every 2 --packet 0 -m udp --dport 53',
    '-p udp -m multiport --ports 53,1024:2000 -m statistic --mode nth --every 3 --packet 0',
    '-p tcp -m statistic --mode nth --every 2 --packet 0 -m multiport --ports 80,443',
    '-m statistic --mode nth --every 2 --packet 0 -m conntrack --ctstate NEW,DNAT',
    '-m conntrack --ctstate NEW,DNAT -m statistic --mode nth --every 2 --packet 1',
    '-m statistic --mode nth --every 2 --packet 1 -m statistic --mode nth --every 3 --packet 1',
    '-m statistic --mode random --probability 1',
    '-m statistic --mode random --probability 0',
    '-m statistic --mode random ! --probability 1',
    '-m statistic --mode random ! --probability 0 -m udp -p udp --dport 53',
  ].map((tests) => matching(tests, [...small, ...truncated, ...fragments, ...odd])),
  {
    title: 'a balancer',
    steps: [
      {
        restore: table('filter', [
          ':a',
          ':b',
          ':c',
          '-A FORWARD -m statistic --mode nth --every 3 --packet 0 -g a',
          '-A FORWARD -m statistic --mode nth --every 2 --packet 0 -g b',
          '-A FORWARD -g c',
          '-A INPUT -m statistic --mode nth --every 3 --packet 2 -j a',
          '-A a -p tcp -j DROP',
          '-A b -p udp -j DROP',
          '-A c -m statistic --mode nth ! --every 4 --packet 1 -j ACCEPT',
          '-A c -j DROP',
        ]),
      },
      { send: small },
    ],
  },
];

/** How many packets of `rolls` a rule with this chance takes; the last one takes the rest. */
export const chances = [0.25, 0.5, 0.01] as const;
export const rolls = 1500;
export const chanceCase: PacketCase = {
  title: 'by chance',
  steps: [
    {
      restore: table(
        'filter',
        chances.flatMap((one) => both.map((not) => `-A FORWARD -m statistic --mode random ${not}--probability ${one}`)),
      ),
    },
    { send: Array.from({ length: rolls }, () => sent('left', udp())) },
  ],
};
