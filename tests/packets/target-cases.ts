import { type PacketCase, table } from './case.ts';
import { connmarkCases } from './connmark-target-cases.ts';
import { flows } from './flows.ts';
import { everywhere, inChains, oddOnes } from './in-chains.ts';
import { everyWay, mixedProbes, tcpProbes } from './probes.ts';
import { tcpCases } from './tcp-target-cases.ts';
import { tosCases } from './tos-target-cases.ts';
import { ttlCases } from './ttl-target-cases.ts';

/** The packet's priority has no match in ip_tables: a table of nft's counts it, the same both ways. */
const classifyCases: readonly PacketCase[] = ['0:0', '1:10', 'ffff:ffff', 'abc:0'].map((kind) => ({
  title: `CLASSIFY --set-class ${kind}`,
  steps: [
    {
      run: [
        "nft 'add table ip seen; add chain ip seen c { type filter hook postrouting priority 300; }'",
        ...['none', '1:10', 'root', 'abc:0', '1:1'].map(
          (priority) => `nft 'add rule ip seen c meta priority ${priority} counter'`,
        ),
      ].join(' && '),
    },
    {
      restore:
        table('mangle', [`-A POSTROUTING ! -p icmp -j CLASSIFY --set-class ${kind}`]) +
        table('filter', ['-A FORWARD -p tcp -j CLASSIFY --set-class 1:1', '-A OUTPUT -j CLASSIFY --set-class 1:1']),
    },
    { send: everyWay([...mixedProbes, ...tcpProbes]) },
    { run: 'nft list table ip seen' },
  ],
  cleanup: 'nft delete table ip seen',
}));

const hashed = ['0x5', '0x6', '0x7', '0x8'].map((mark) => `-m mark --mark ${mark}`);
const otherCases: readonly PacketCase[] = [
  ...[
    '--hmark-tuple src,dst --hmark-mod 3 --hmark-offset 5 --hmark-rnd 0xcafe',
    '--hmark-tuple src,dst,sport,dport --hmark-mod 4 --hmark-offset 5 --hmark-rnd 0xcafe',
    '--hmark-src-prefix 24 --hmark-sport-mask 0xff --hmark-dport-mask 0xf --hmark-proto-mask 0xff --hmark-mod 4 --hmark-offset 5 --hmark-rnd 1',
    '--hmark-tuple ct --hmark-mod 4 --hmark-offset 5 --hmark-rnd 0xcafe',
  ].map((options) => inChains(`HMARK ${options}`, everywhere, [...flows, ...oddOnes], { tests: hashed })),
  inChains('CHECKSUM --checksum-fill', everywhere, everyWay(mixedProbes)),
  inChains('CONNSECMARK --save', everywhere, flows),
  inChains('CONNSECMARK --restore', ['INPUT', 'FORWARD', 'OUTPUT'], flows, { name: 'security' }),
  inChains('AUDIT --type drop', everywhere, [...everyWay(mixedProbes), ...oddOnes], { tests: ['-p udp'] }),
  inChains('RATEEST --rateest-name target-1 --rateest-interval 1s --rateest-ewmalog 4s', everywhere, flows, {
    tests: ['-p udp'],
  }),
  inChains('IDLETIMER --timeout 600 --label target-1', everywhere, flows, { tests: ['-p udp'] }),
  inChains('NFLOG --nflog-group 3 --nflog-prefix "a word: " --nflog-size 40', everywhere, everyWay(mixedProbes), {
    tests: ['-p udp'],
  }),
  inChains('NFQUEUE --queue-num 7', ['FORWARD', 'INPUT', 'OUTPUT'], everyWay(mixedProbes), {
    name: 'filter',
    protocol: '-p udp',
    tests: ['-p udp', '-p tcp'],
  }),
  inChains('NFQUEUE --queue-balance 7:9 --queue-bypass', everywhere, everyWay(mixedProbes), { tests: ['-p udp'] }),
];

/** Groups of cases: what targets do to packets, marks and what others see of it. */
export const targetCases: Readonly<Record<string, readonly PacketCase[]>> = {
  TTL: ttlCases,
  'TOS, DSCP and ECN': tosCases,
  CONNMARK: connmarkCases,
  CLASSIFY: classifyCases,
  'the TCP header': tcpCases,
  'other targets': otherCases,
};
