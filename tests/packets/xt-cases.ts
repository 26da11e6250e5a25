import { programCommand } from '../harness/program.ts';
import { type Step, table } from './case.ts';
import { type MatchCase, matching } from './matching.ts';
import type { Sent } from './packet.ts';
import { hashlimitCases, recentCases, visits } from './xt-list-cases.ts';
import { bpfCases, headers, stringCases, u32Cases } from './xt-payload-cases.ts';

/** What nft hasn't, or not exactly: carried by the kernel's own matches. */

/** Each direction where it may stand. */
function secured(pol: string, takes: MatchCase['takes'], packets: readonly Sent[] = headers): MatchCase {
  const lines = [
    `-A FORWARD -m policy --dir in ${pol} -j DROP`,
    `-A FORWARD -m policy --dir out ${pol}`,
    `-A INPUT -m policy --dir in ${pol} -j DROP`,
    `-A OUTPUT -m policy --dir out ${pol}`,
  ];
  return { title: `-m policy ${pol}`, takes, steps: [{ restore: table('filter', lines) }, { send: packets }] };
}
const policyCases: readonly MatchCase[] = [
  secured('--pol none', 'all'),
  secured('--pol ipsec', 'none'),
  secured('--pol ipsec --reqid 1', 'none'),
  secured('--pol ipsec --strict ! --reqid 1 --next --mode transport', 'none'),
];

const physdevCases: readonly MatchCase[] = [
  matching('-m physdev --physdev-is-in', headers, 'none'),
  matching('-m physdev ! --physdev-is-in', headers, 'all'),
  matching('-m physdev --physdev-in left', headers, 'none'),
  matching('-m physdev ! --physdev-in left ! --physdev-is-bridged', headers, 'all'),
];

const clusterCases: readonly MatchCase[] = ['1 --cluster-hash-seed 5', '2 --cluster-hash-seed 77'].flatMap((rest) =>
  ['', '! '].map((not) => matching(`-m cluster --cluster-total-nodes 2 ${not}--cluster-local-node ${rest}`, visits)),
);

const osfCases: readonly MatchCase[] = [
  {
    title: 'osf without fingerprints',
    takes: 'none',
    steps: [
      {
        restore: table('filter', ['-A FORWARD -p tcp -m osf --genre Linux', '-A INPUT -p tcp -m osf ! --genre Linux']),
      },
      { send: headers },
    ],
  },
];

/** Nothing has gone by for long: every estimate is 0. */
function estimated(test: string, takes: MatchCase['takes']): MatchCase {
  const estimators = ['one', 'two'].map(
    (name) =>
      `-A INPUT -s 203.0.113.1 -j RATEEST --rateest-name ${name} --rateest-interval 250ms --rateest-ewmalog 500ms`,
  );
  const lines = [...estimators, `-A FORWARD -m rateest ${test} -j DROP`];
  return { title: test, takes, steps: [{ restore: table('filter', lines) }, { send: visits }] };
}
const rateestCases: readonly MatchCase[] = [
  estimated('--rateest one --rateest-lt --rateest-bps 8bit', 'all'),
  estimated('--rateest one ! --rateest-lt --rateest-pps 1', 'none'),
  estimated('--rateest one --rateest-gt --rateest-pps 0', 'none'),
  estimated('--rateest1 one --rateest-eq --rateest-bps --rateest2 two', 'all'),
  estimated('--rateest-delta --rateest1 one --rateest-pps1 5 --rateest-gt --rateest-pps2 4 --rateest2 two', 'all'),
];

const [node, outside] = programCommand(new URL('./outside.ts', import.meta.url));
/** Makes a set or a counting object that the rules name. */
function making(what: string): Step {
  return { run: `'${node}' '${outside}' ${what}` };
}

function among(set: string, test: string, takes: MatchCase['takes']): MatchCase {
  const lines = ['FORWARD', 'INPUT', 'OUTPUT'].map((chain) => `-A ${chain} -m set ${test} -j DROP`);
  const steps = [
    making(`ipset ${set} 10.1.0.2 10.1.0.3 10.2.0.9`),
    { restore: table('filter', lines) },
    { send: visits },
  ];
  return { title: test, takes, steps };
}
const setCases: readonly MatchCase[] = [
  among('s1', '--match-set s1 src', 'some'),
  among('s2', '! --match-set s2 src', 'some'),
  among('s3', '--match-set s3 dst', 'none'),
  among('s4', '--match-set s4 src,dst', 'some'),
  among('s5', '--match-set s5 src --packets-lt 4', 'some'),
  among('s6', '--match-set s6 src --packets-gt 1 ! --bytes-eq 100', 'some'),
  among('s7', '--match-set s7 src ! --update-counters --packets-gt 0', 'none'),
  among('s8', '--match-set s8 src --return-nomatch', 'some'),
];

const nfacctCases: readonly MatchCase[] = [
  {
    title: 'nfacct',
    takes: 'all',
    steps: [
      making('nfacct counted'),
      { restore: table('filter', ['-A FORWARD -m nfacct --nfacct-name counted -j DROP']) },
      { send: visits },
    ],
  },
];

/** By the match they try. */
export const xtCases: Readonly<Record<string, readonly MatchCase[]>> = {
  string: stringCases,
  u32: u32Cases,
  bpf: bpfCases,
  recent: recentCases,
  // nft's own sets stand in for most of it, but not in /proc, nor shared between rules
  hashlimit: hashlimitCases.map((one) => ({ ...one, needsXt: true })),
  policy: policyCases,
  physdev: physdevCases,
  cluster: clusterCases,
  osf: osfCases,
  rateest: rateestCases,
  set: setCases,
  nfacct: nfacctCases,
};
