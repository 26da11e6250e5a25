import type { TableName } from '../../rules/ir.ts';
import { pick, type Random } from '../harness/random.ts';
import { table } from './case.ts';

type Protocol = 'tcp' | 'udp' | 'icmp' | 'all';

const users = ['one', 'two', 'three', 'four'] as const;
const hooks: Readonly<Record<Exclude<TableName, 'nat'>, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/**
 * The four tables that filter, the filter table full of rules of every kind, the others empty or with
 * some that let most packets on; half of them use connection tracking.
 */
export function randomRules(random: Random): string {
  const tracking = random(2) === 0;
  return (['raw', 'mangle', 'filter', 'security'] as const)
    .map((name) => (name !== 'filter' && random(3) > 0 ? table(name, []) : randomTable(random, name, tracking)))
    .join('');
}

function randomTable(random: Random, name: keyof typeof hooks, tracking: boolean): string {
  const count = name === 'filter' ? 7 : 3;
  const rules = (chain: string, callable: readonly string[], place: Place) =>
    Array.from({ length: random(count) + 1 }, () => `-A ${chain} ${randomRule(random, callable, place)}`);
  const builtin = hooks[name].flatMap((chain) => rules(chain, users, { name, chain, tracking }));
  const user = users.flatMap((chain, at) => rules(chain, users.slice(at + 1), { name, chain, tracking }));
  const dropping = hooks[name].filter(() => random(name === 'filter' ? 5 : 30) === 0);
  return table(name, [...users.map((chain) => `:${chain}`), ...builtin, ...user], dropping);
}

interface Place {
  readonly name: TableName;
  readonly chain: string;
  readonly tracking: boolean;
}

function randomRule(random: Random, callable: readonly string[], place: Place): string {
  const protocol = pick<Protocol>(random, ['tcp', 'tcp', 'tcp', 'udp', 'udp', 'icmp', 'all', 'all']);
  const header = [
    address(random, '-s'),
    address(random, '-d'),
    interfaces(random, place),
    random(12) === 0 ? `${not(random)}-f` : '',
  ];
  const matches = Array.from({ length: random(3) }, () => match(random, protocol, place));
  return [protocol === 'all' ? '' : `-p ${protocol}`, ...header, ...matches, target(random, protocol, callable, place)]
    .filter((part) => part !== '')
    .join(' ');
}

function not(random: Random): string {
  return random(3) === 0 ? '! ' : '';
}

function address(random: Random, option: '-s' | '-d'): string {
  if (random(6) > 0) return '';
  return `${not(random)}${option} ${pick(random, ['10.1.0.2', '10.2.0.2', '10.1.0.0/24', '10.0.0.0/8', '10.0.0.2/255.0.0.255', '10.1.0.1', '192.0.2.0/25'])}`;
}

/** -i and -o where the built-in chain of that name has such a device. */
function interfaces(random: Random, { chain }: Place): string {
  if (random(9) > 0) return '';
  const device = pick(random, ['left', 'right', 'l+', 'lo', 'other']);
  if (chain === 'OUTPUT' || chain === 'POSTROUTING') return `${not(random)}-o ${device}`;
  return `${not(random)}-i ${device}`;
}

function match(random: Random, protocol: Protocol, { tracking }: Place): string {
  const general = [
    () => `-m mark ${not(random)}--mark ${pick(random, ['0x1', '0', '0x2/0x3', '0x1/0x1'])}`,
    () => '-m comment --comment "a comment"',
    () => `-m limit --limit 1/hour --limit-burst ${pick(random, [1, 2, 5])}`,
    ...(tracking ? [() => conntrack(random), () => conntrack(random)] : []),
  ] as const;
  const [first, ...rest] = general;
  const transport = { tcp: () => tcp(random), udp: () => udp(random), icmp: () => icmp(random), all: undefined }[
    protocol
  ];
  return transport !== undefined && random(3) > 0 ? transport() : pick(random, [first, ...rest])();
}

function conntrack(random: Random): string {
  return pick(random, [
    `-m conntrack ${not(random)}--ctstate ${pick(random, ['NEW', 'ESTABLISHED', 'INVALID', 'NEW,RELATED', 'UNTRACKED', 'ESTABLISHED,DNAT'])}`,
    `-m state ${not(random)}--state ${pick(random, ['NEW', 'ESTABLISHED,RELATED', 'INVALID'])}`,
    `-m conntrack ${not(random)}--ctproto ${pick(random, ['tcp', 'udp'])} --ctdir ${pick(random, ['ORIGINAL', 'REPLY'])}`,
    `-m conntrack ${not(random)}--ctorigdstport ${pick(random, ['80', '50:443'])} ${not(random)}--ctstatus ${pick(random, ['SEEN_REPLY', 'CONFIRMED', 'NONE'])}`,
  ]);
}

function ports(random: Random): string {
  return pick(random, ['80', '53', '22:80', ':79', '81:', '0', '1024', '0:65535']);
}

function list(random: Random): string {
  return pick(random, ['80', '53,80,1024', '1:79,443', '0,65535', '22,53:80,443:1023']);
}

function multiport(random: Random): string {
  return `-m multiport ${not(random)}--${pick(random, ['dports', 'sports', 'ports'])} ${list(random)}`;
}

function tcp(random: Random): string {
  return pick(random, [
    () => `-m tcp ${not(random)}--dport ${ports(random)}`,
    () => `-m tcp ${not(random)}--sport ${ports(random)} ${not(random)}--dport ${ports(random)}`,
    () => `-m tcp ${not(random)}--syn`,
    () =>
      `-m tcp ${not(random)}--tcp-flags ${pick(random, ['ALL SYN', 'ALL NONE', 'ACK,FIN FIN', 'SYN,ACK ACK', 'URG,PSH URG,PSH'])}`,
    () => multiport(random),
  ])();
}

function udp(random: Random): string {
  return pick(random, [
    () => `-m udp ${not(random)}--dport ${ports(random)}`,
    () => `-m udp ${not(random)}--sport ${ports(random)} ${not(random)}--dport ${ports(random)}`,
    () => multiport(random),
  ])();
}

function icmp(random: Random): string {
  return `-m icmp ${not(random)}--icmp-type ${pick(random, ['8', '0', '3', '3/1', '3/3', 'any', '11/0'])}`;
}

function target(random: Random, protocol: Protocol, callable: readonly string[], { name, chain }: Place): string {
  const [first, ...rest] = callable;
  if (first !== undefined && random(4) === 0)
    return `${pick(random, ['-j', '-j', '-g'])} ${pick(random, [first, ...rest])}`;
  // REJECT's hooks are fixed: not in user chains, which other hooks may reach as well
  const rejects =
    name === 'filter' && chain === chain.toUpperCase()
      ? [`-j REJECT --reject-with ${pick(random, ['icmp-port-unreachable', 'icmp-host-prohibited'])}`]
      : [];
  const resets = rejects.length > 0 && protocol === 'tcp' ? ['-j REJECT --reject-with tcp-reset'] : [];
  const marks = [`-j MARK ${pick(random, ['--set-mark 1', '--or-mark 2', '--xor-mark 1', '--set-mark 0'])}`];
  const ends = name === 'filter' || random(4) === 0 ? ['-j ACCEPT', '-j DROP'] : [];
  return pick(random, ['', '', '', '', '', '-j RETURN', '-j LOG', ...ends, ...rejects, ...resets, ...marks]);
}
