import { fileURLToPath } from 'node:url';
import { type Step, table } from './case.ts';
import { type MatchCase, matching } from './matching.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { address, type Sent, sent, type Transport } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { tcp, udp } from './transport.ts';

/** What nft hasn't, or not exactly: carried by the kernel's own matches. */

const UDP = 17;

/** UDP that says something; without a checksum. */
export function saying(payload: string | Buffer, { sport = 1024, dport = 53 } = {}): Transport {
  const header = Buffer.alloc(8);
  const bytes = Buffer.concat([header, Buffer.from(payload)]);
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return { protocol: UDP, bytes: () => bytes };
}

/** An IP header of 20 bytes and a UDP header: where the payload begins. */
const PAYLOAD = 28;
const sayings: readonly Transport[] = [
  saying('GET /index.html'),
  saying('get /index.html'),
  saying('xGET'),
  saying('GE'),
  saying('GEGET'),
  saying('a "b" \\'),
  saying(Buffer.from([0, 1, 2, 3, 0, 255])),
  saying(`${'G'.repeat(600)}ET`),
  saying(`${'.'.repeat(300)}GET${'.'.repeat(300)}`),
  saying(''),
];
const texts: readonly Sent[] = [
  ...everyWay([...sayings, ...mixedProbes]),
  ...truncated,
  ...fragments,
  sent('left', saying('GET'), { options: [1, 1, 1, 0] }),
  sent('left', saying('something before GET'), { moreFragments: true, cut: 24, id: 0x5900 }),
];

/** The text must end at --to or before. */
const windows: readonly (readonly [range: string, takes: MatchCase['takes']])[] = [
  [`--from ${PAYLOAD}`, 'some'],
  [`--from ${PAYLOAD + 1}`, 'some'],
  [`--to ${PAYLOAD + 2}`, 'none'],
  [`--to ${PAYLOAD + 3}`, 'some'],
  [`--from ${PAYLOAD + 1} --to ${PAYLOAD + 3}`, 'none'],
  [`--from ${PAYLOAD + 1} --to ${PAYLOAD + 4}`, 'some'],
  ['--from 300 --to 400', 'some'],
  ['--from 1000 --to 2000', 'none'],
];

const stringCases: readonly MatchCase[] = [
  ...['bm', 'kmp'].flatMap((algo) => [
    // a single letter would also be found in the stack's own random numbers
    ...['"GET"', '"GE"', '"get" --icase', '"ET /"'].flatMap((text) => [
      matching(`-m string --string ${text} --algo ${algo}`, texts),
      matching(`-m string ! --string ${text} --algo ${algo}`, texts),
    ]),
    matching(`-m string --hex-string "|0a010002|" --algo ${algo}`, texts, 'all'),
    ...['|a2a3a4|', '|00010203|', '|00ff|', '|5c|', '|4500|'].map((hex) =>
      matching(`-m string --hex-string "${hex}" --algo ${algo}`, texts),
    ),
    ...windows.flatMap(([range, takes]) => [
      matching(`-m string --string "GET" --algo ${algo} ${range}`, texts, takes),
      matching(`-m string ! --string "GET" --algo ${algo} ${range}`, texts, takes === 'none' ? 'all' : takes),
    ]),
    matching(`-m string --string "nowhere" --algo ${algo}`, texts, 'none'),
    matching(`-m string ! --string "nowhere" --algo ${algo}`, texts, 'all'),
  ]),
];

export const headers: readonly Sent[] = [
  ...everyWay([...tcpProbes.slice(0, 8), ...udpProbes, ...mixedProbes]),
  ...truncated,
  ...fragments,
  ...odd,
];
const u32Cases: readonly MatchCase[] = [
  ...['6&0xFF=17', '6&0xFF=1,6', '0>>22&0x3C@0&0xFFFF=53', '0>>22&0x3C@0>>16=1024:2000', '12=0x0a010002'].flatMap(
    (tests) => [matching(`-m u32 --u32 "${tests}"`, headers), matching(`-m u32 ! --u32 "${tests}"`, headers)],
  ),
  matching('-m u32 --u32 "4&0x1FFF=0&&0>>22&0x3C@0>>16=1024&&6&0xFF=6,17"', headers),
  matching('-m u32 ! --u32 "4&0x1FFF=0&&0>>22&0x3C@0>>16=1024&&6&0xFF=6,17"', headers),
  matching('-m u32 --u32 "0>>22&0x3C@12>>26&0x3C@0=0:0xFFFFFFFF"', headers),
  matching('-m u32 --u32 "0<<8>>24=0x10,0xff"', headers),
  matching('-m u32 --u32 "24=0:0xFFFFFFFF"', headers),
  matching('-m u32 --u32 "0xFFFFFFFF=0:0xFFFFFFFF"', headers, 'none'),
  matching('-m u32 ! --u32 "0xFFFFFFFF=0:0xFFFFFFFF"', headers, 'all'),
  matching('-m u32 --u32 "0=0:0xFFFFFFFF"', headers, 'all'),
];

const bpfCases: readonly MatchCase[] = [
  matching('-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"', headers),
  // at least 60 bytes long
  matching('-m bpf --bytecode "4,128 0 0 0,53 0 1 60,6 0 0 1,6 0 0 0"', headers),
  // the half word behind a header of whatever length is 53
  matching('-m bpf --bytecode "5,177 0 0 0,72 0 0 2,21 0 1 53,6 0 0 1,6 0 0 0"', headers),
  matching('-m bpf --bytecode "1,6 0 0 4294967295"', headers, 'all'),
  matching('-m bpf --bytecode "1,6 0 0 0"', headers, 'none'),
];

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
const recentCases: readonly MatchCase[] = [
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
const hashlimitCases: readonly MatchCase[] = [
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
];

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

const outside = fileURLToPath(new URL('./outside.ts', import.meta.url));
/** Makes a set or a counting object that the rules name. */
function making(what: string): Step {
  return { run: `'${process.execPath}' --import tsx '${outside}' ${what}` };
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
  hashlimit: hashlimitCases,
  policy: policyCases,
  physdev: physdevCases,
  cluster: clusterCases,
  osf: osfCases,
  rateest: rateestCases,
  set: setCases,
  nfacct: nfacctCases,
};
