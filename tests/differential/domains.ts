import { pick, type Random } from '../harness/random.ts';

type Values = readonly [string, ...string[]];

/**
 * What a word in braces of an extension's `examples` may stand for: values that the packets of
 * random-packets.ts have too, and their neighbours.
 */
export const domains: Readonly<Record<string, Values>> = {
  port: ['80', '80', '53', '22', '443', '1024', '0', '65535'],
  portrange: ['80', '53', '22:80', ':79', '81:', '0', '1024', '1024:65535', '0:65535'],
  ports: ['80', '53,80,1024', '1:79,443', '0,65535', '22,53:80,443:1023'],
  network: ['10.1.0.2', '10.2.0.2', '10.1.0.0/24', '10.0.0.0/8', '10.1.0.1', '192.0.2.0/25', '10.2.0.1/255.0.0.255'],
  address: ['10.1.0.2', '10.2.0.2', '10.1.0.1', '10.2.0.1', '192.0.2.1', '198.51.100.7'],
  addressrange: [
    '10.1.0.2-10.1.0.3',
    '10.1.0.0-10.2.0.1',
    '0.0.0.0-255.255.255.255',
    '10.2.0.2-10.2.0.2',
    '192.0.2.1-198.51.100.7',
  ],
  addrtypes: [
    'LOCAL',
    'UNICAST',
    'BROADCAST',
    'MULTICAST',
    'LOCAL,BROADCAST',
    'UNICAST,MULTICAST',
    'UNSPEC',
    'UNREACHABLE',
  ],
  mark: ['0', '1', '2', '3', '0x10', '0xff', '0x80000001', '0xffffffff'],
  protocol: ['tcp', 'udp', 'icmp', '47', 'esp', '0'],
  ttl: ['0', '1', '2', '63', '64', '255'],
  tos: ['0x00', '0x08', '0x10', '0x2e', '0xff'],
  dscp: ['0', '0x02', '0x04', '0x0b', '0x2e', '63'],
  length: ['20', '28', '40', '41', '48', '60', '536', '65535'],
  lengthrange: ['0:40', '41:65535', '20:59', '28:48', '0:65535', '536:1460'],
  interface: ['left', 'right', 'lo', 'l+', 'other'],
  mac: ['02:00:00:00:00:02', '02:00:00:00:00:03', '02:00:00:00:00:01'],
  states: ['NEW', 'ESTABLISHED', 'RELATED,ESTABLISHED', 'INVALID', 'UNTRACKED', 'NEW,INVALID'],
  ctstates: ['NEW', 'ESTABLISHED', 'RELATED,ESTABLISHED', 'INVALID', 'UNTRACKED', 'NEW,DNAT', 'SNAT', 'DNAT,SNAT'],
  ctstatuses: ['NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'SEEN_REPLY,CONFIRMED'],
  tcpflags: ['SYN', 'SYN,ACK', 'ALL', 'NONE', 'FIN,SYN,RST,ACK', 'URG,PSH', 'RST'],
  icmptype: ['8', '0', '3', '3/1', '3/3', 'any', '11/0', '13', '255/255'],
  u8: ['0', '1', '2', '6', '17', '64', '128', '255'],
  u16: ['0', '1', '2', '80', '1024', '32768', '65535'],
  u32: ['0', '1', '2', '100', '1000', '2147483648', '4294967295'],
  spi: ['0', '1', '256', '1500', '4294967295'],
  spirange: ['0:1', '256:2000', '0:65535', '1500:1500'],
  classid: ['0:0', '1:1', '1:10', 'ffff:ffff'],
  ipset: ['addresses', 'networks'],
  nfacct: ['account'],
  rateest: ['estimate'],
  label: ['0', '1', '2', '127'],
};

/**
 * A fragment with its braces filled in: domains by one of their values, choices (`{a|b}`, also of
 * fragments with braces of their own) by one of their parts, ranges (`{0-63}`) by a number of theirs.
 * Throws for a domain that there isn't.
 */
export function expand(example: string, random: Random): string {
  const open = example.indexOf('{');
  if (open < 0) return example.replaceAll(/ {2,}/g, ' ');
  const close = matching(example, open);
  const value = fill(example.slice(open + 1, close), random);
  return expand(`${example.slice(0, open)}${value}${example.slice(close + 1)}`, random);
}

/** Where the brace that opens at `open` closes. */
function matching(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`a brace isn't closed: ${text}`);
}

function fill(inside: string, random: Random): string {
  const [first = '', ...rest] = choices(inside);
  if (rest.length > 0) return pick(random, [first, ...rest]);
  const range = /^(\d+)-(\d+)$/.exec(inside);
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    return String(pick(random, [from, to, from + random(to - from + 1)]));
  }
  const values = domains[inside];
  if (values === undefined) throw new Error(`no such domain: {${inside}} (tests/differential/domains.ts)`);
  return pick(random, values);
}

/** The parts between bars that stand in no braces of their own. */
function choices(inside: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const letter of inside) {
    if (letter === '{') depth += 1;
    if (letter === '}') depth -= 1;
    if (letter === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}
