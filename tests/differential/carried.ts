import { matches } from '../../rules/registry.gen.ts';
import { pick, type Random } from '../harness/random.ts';
import { expand } from './domains.ts';
import { linesOf, type Vocabulary } from './random-rules.ts';

/** What the machine of BPF doesn't look at, of matches that it else carries. */
const left = /--dst-group|--label \S+ --set|--kerneltz|--chunk-types all ALL|! --chunk-types|! --dccp-option/;

/** What BPF carries, and nothing else: so that it can be told to carry all, and what is compared is known to be its work. */
export const carriedByBpf: Vocabulary = {
  matches: linesOf(matches.filter(({ bpf }) => typeof bpf === 'function'))
    .map((lines) => lines.filter(({ text }) => !left.test(text)))
    .filter((lines) => lines.length > 0),
  targets: [],
  isDeviceAnywhere: true,
  runOf: (random) => (random(5) === 0 ? sameShapes(random) : []),
};

/** Texts of rules but for their targets; few of them match: most values are such as no packet has. */
const shapes = [
  (random: Random) => `-s ${host(random)}`,
  (random: Random) => `-d ${host(random)} -p udp -m udp --dport ${port(random)}`,
  (random: Random) => `-p tcp -m tcp --sport ${port(random)}`,
  (random: Random) => `-s ${host(random)} -p tcp -m tcp --dport ${port(random)}`,
  (random: Random) => `-s 10.${random(256)}.${random(3)}.0/24 -p icmp`,
  (random: Random) => expand('-p icmp -m icmp --icmp-type {0-20}/{0-3}', random),
  (random: Random) => `-p udp -m udp --sport ${port(random)} --dport ${port(random)}`,
  (random: Random) => `-d ${host(random)} -m tos --tos 0x${(4 * random(64)).toString(16)}/0xfc`,
] as const;

/** Rules of few shapes, so many that looking them up is worth it; some of them twice. */
function sameShapes(random: Random): readonly string[] {
  const some = Array.from({ length: 1 + random(3) }, () => pick(random, shapes));
  const texts: string[] = [];
  for (let count = 40 + random(40); count > 0; count--) {
    const [shape, ...others] = some;
    const again = texts[random(12 * texts.length + 1)];
    if (shape !== undefined) texts.push(again ?? pick(random, [shape, ...others])(random));
  }
  return texts;
}

function host(random: Random): string {
  return random(6) === 0 ? expand('{address}', random) : `172.16.${random(4)}.${random(256)}`;
}

function port(random: Random): string {
  return random(4) === 0 ? expand('{port}', random) : String(2000 + random(3000));
}
