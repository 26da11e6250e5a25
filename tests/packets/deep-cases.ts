import { pick, randomFrom } from '../harness/random.ts';
import { filterCase, type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { odd, pieces } from './odd-packets.ts';
import { deepCase } from './verdict-cases.ts';

/** Chains nested deeper than nft follows. */
const some = [...flows, ...pieces, ...odd];

const ways: readonly [string, ...string[]] = [
  '',
  '-p tcp',
  '-p udp',
  '-s 10.1.0.0/16',
  '-i left',
  '-p tcp -m tcp --dport 80',
  '! -p icmp',
  '-f',
];
const leaving: readonly [string, ...string[]] = [
  '-p tcp -m tcp --dport 80 -j RETURN',
  '-p udp -m udp --sport 1024:65535 -j RETURN',
  '-s 10.1.0.2 -j RETURN',
  '-p icmp -m icmp --icmp-type 8 -j RETURN',
  '! -p tcp -j RETURN',
  '-p tcp -m multiport --dports 22,443 -j RETURN',
];
const plain: readonly [string, ...string[]] = [
  '-p udp -j DROP',
  '-p icmp -j ACCEPT',
  '-p tcp -m tcp --dport 443 -j REJECT --reject-with tcp-reset',
  '-p tcp -m tcp --tcp-flags SYN,ACK SYN',
  '-m state --state NEW',
  '',
];

/** A spine of chains, each of which leads to the next, with rules between and side ways to deeper ones. */
function randomSpine(seed: number, depth: number): readonly string[] {
  const random = randomFrom(seed);
  const rules: string[] = [];
  for (let at = 0; at < depth; at += 1) {
    const body = Array.from({ length: random(3) }, () => pick(random, random(2) === 0 ? leaving : plain));
    if (at + 2 < depth && random(6) === 0) body.push(`-p udp -j deep${at + 2}`);
    if (at + 3 < depth && random(8) === 0) body.push(`-p icmp -g deep${at + 3}`);
    const next = at + 1 < depth ? [`${pick(random, ways)} -${random(5) === 0 ? 'g' : 'j'} deep${at + 1}`] : [];
    rules.push(...[...body, ...next, pick(random, plain)].map((rule) => `-A deep${at} ${rule}`));
  }
  return [
    ...Array.from({ length: depth }, (_, at) => `:deep${at}`),
    '-A FORWARD -p tcp -j deep0',
    '-A FORWARD -g deep0',
    '-A FORWARD -j ACCEPT',
    '-A INPUT -j deep3',
    ...rules,
  ];
}

const shallow = table('filter', [':deep0', '-A FORWARD -p tcp -j deep0', '-A deep0 -p tcp -m tcp --dport 80']);

export const deepCases: readonly PacketCase[] = [
  ...[14, 20, 40, 62].map(deepCase),
  ...Array.from({ length: 12 }, (_, seed) =>
    filterCase(`a random spine ${16 + 3 * seed} deep`, randomSpine(seed, 16 + 3 * seed), some),
  ),
  {
    title: 'deep chains changed rule by rule, and shallow ones before and after',
    steps: [
      { restore: shallow },
      { send: flows },
      { restore: table('filter', randomSpine(77, 20)) },
      { send: flows },
      { run: 'iptables-legacy -A deep19 -p tcp -m tcp --dport 80 -j DROP' },
      { send: flows },
      { run: 'iptables-legacy -I deep4 -p udp -j RETURN && iptables-legacy -D deep4 -p udp -j RETURN' },
      { send: flows },
      { run: 'iptables-legacy -Z deep3; iptables-legacy -L deep3 -vnx' },
      { send: flows },
      { restore: shallow },
      { send: flows },
    ],
  },
];
