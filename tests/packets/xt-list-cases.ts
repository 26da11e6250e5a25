import { table } from './case.ts';
import type { MatchCase } from './matching.ts';
import { fragments, truncated } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { tcp, udp } from './transport.ts';

const sources = ['10.1.0.2', '10.1.0.3', '10.1.1.2', '192.0.2.1', '192.0.2.130'];
/** Many packets from few, again and again; long enough for lists, short enough to be at one time. */
export const visits: readonly Sent[] = [0, 1, 2, 3].flatMap((round) =>
  sources.flatMap((source, at) => [
    ...(at % 4 <= round ? [sent('left', udp({ dport: 50 + at }), { source })] : []),
    sent('left', tcp({ dport: 80 + round }), { source, destination: at % 2 === 0 ? '10.2.0.2' : '198.51.100.1' }),
    sent('left', udp({ data: round }), { source, destination: address.hostLeft, ttl: 63 + (at % 2) }),
    sent('host', udp({ data: at }), { source: address.hostRight, destination: round === 0 ? '10.2.0.9' : '10.2.0.2' }),
  ]),
);

/** Lists as the kernel shows them, without the times. */
export const showLists = {
  run: "cd /proc/net/xt_recent && for list in *; do echo $list; sed 's/last_seen: [0-9]* //; s/ [0-9]\\{6,\\},\\?/ t/g' $list | sort; done",
};
/** Rules of recent in FORWARD, behind one another, and what became of the lists. */
function lists(title: string, takes: MatchCase['takes'], ...rules: readonly string[]): MatchCase {
  const lines = ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) =>
    rules.map((rule, at) => `-A ${chain} ${rule}${at === 0 && chain === 'FORWARD' ? ' -j DROP' : ''}`),
  );
  return { title, takes, steps: [{ restore: table('filter', lines) }, { send: visits }, showLists] };
}
export const recentCases: readonly MatchCase[] = [
  lists('--set', 'all', '-m recent --set --name one'),
  lists('! --set', 'none', '-m recent ! --set --name one'),
  lists('--rcheck of nobody', 'none', '-m recent --rcheck --name one'),
  lists('! --rcheck of nobody', 'all', '-m recent ! --rcheck --name one'),
  lists('--rcheck', 'some', '-m recent --rcheck --name one', '-p udp -m recent --set --name one'),
  lists('--rcheck of the destination', 'some', '-m recent --rcheck --rdest', '-p tcp -m recent --set --rdest'),
  lists('--hitcount', 'some', '-m recent --rcheck --hitcount 3 --name one', '-m recent --set --name one'),
  lists('--update', 'some', '-m recent --update --seconds 7200 --hitcount 3 --name one', '-m recent --set --name one'),
  lists('! --update', 'some', '-m recent ! --update --seconds 7200 --hitcount 2', '-m recent --set'),
  lists('--rttl', 'some', '-m recent --rcheck --rttl --name one', '-p udp -m recent --set --name one'),
  lists('--reap', 'some', '-m recent --update --seconds 7200 --reap --name one', '-p udp -m recent --set --name one'),
  lists('--remove', 'some', '-m recent --remove --name one', '-m recent --set --name one'),
  lists('--mask', 'some', '-m recent --rcheck --mask 255.255.0.0', '-p udp -m recent --set --mask 255.255.0.0'),
  {
    ...lists('an address put in by hand', 'some', '-m recent --rcheck --name one'),
    steps: [
      { restore: table('filter', ['-A FORWARD -m recent --rcheck --name one -j DROP']) },
      { run: 'echo +10.1.0.3 > /proc/net/xt_recent/one' },
      { send: visits },
      showLists,
      { run: 'echo / > /proc/net/xt_recent/one' },
      { send: visits },
      showLists,
    ],
  },
];

/** Who stands in each table; credits and times go on. */
export const showTables = {
  run: "cd /proc/net/ipt_hashlimit && for name in *; do echo $name; sed 's/^[0-9]* \\([^ ]*\\).*/\\1/' $name | sort; done",
};
function limited(options: string, takes: MatchCase['takes'], packets: readonly Sent[] = visits): MatchCase {
  const tests = `-m hashlimit ${options}`;
  const lines = ['FORWARD', 'INPUT', 'OUTPUT'].map((chain) => `-A ${chain} ${tests} --hashlimit-name ${chain} -j DROP`);
  return { title: tests, takes, steps: [{ restore: table('filter', lines) }, { send: packets }, showTables] };
}
const cut = [...truncated, ...fragments, ...visits];
export const hashlimitCases: readonly MatchCase[] = [
  ...['upto', 'above'].flatMap((way) => [
    limited(`--hashlimit-${way} 3/hour --hashlimit-burst 4`, 'some'),
    limited(`--hashlimit-${way} 3/hour --hashlimit-burst 4 --hashlimit-mode srcip`, 'some'),
    limited(`--hashlimit-${way} 2/day --hashlimit-burst 2 --hashlimit-mode srcip,dstip --hashlimit-srcmask 24`, 'some'),
    limited(
      `--hashlimit-${way} 2/day --hashlimit-burst 2 --hashlimit-mode dstip,dstport --hashlimit-dstmask 0`,
      'some',
    ),
    limited(`--hashlimit-${way} 2/day --hashlimit-burst 1 --hashlimit-mode srcport,dstport`, 'some', cut),
    limited(`--hashlimit-${way} 2/day --hashlimit-burst 1 --hashlimit-mode srcip`, 'some', cut),
    limited(
      `--hashlimit-${way} 2/hour --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-rate-match --hashlimit-rate-interval 3600`,
      'some',
    ),
  ]),
  limited('--hashlimit-upto 1kb/s --hashlimit-burst 900kb', 'all'),
  limited('--hashlimit-above 1kb/s --hashlimit-burst 900kb', 'none'),
  // one entry only: who needs a second is dropped
  limited('--hashlimit-upto 2/day --hashlimit-mode srcip --hashlimit-htable-size 1 --hashlimit-htable-max 1', 'some'),
  {
    title: 'two rules on one table',
    takes: 'some',
    steps: [
      {
        restore: table('filter', [
          '-A FORWARD -p udp -m hashlimit --hashlimit-upto 2/day --hashlimit-burst 9 --hashlimit-name both',
          '-A FORWARD -m hashlimit --hashlimit-upto 9/day --hashlimit-burst 1 --hashlimit-name both -j DROP',
        ]),
      },
      { send: visits },
      showTables,
    ],
  },
  {
    title: 'a table that a rule makes where no packet comes',
    takes: 'some',
    steps: [
      {
        restore: `${table('raw', [
          ':unused',
          '-A unused -m cgroup --cgroup 2 -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 5 --hashlimit-name shared',
        ])}${table('filter', [
          '-A FORWARD -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-name shared -j DROP',
        ])}`,
      },
      { send: visits },
      showTables,
    ],
  },
];
