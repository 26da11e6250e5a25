import type {
  BuiltinChain,
  HeaderMatch,
  HookNumber,
  MatchUse,
  Rule,
  Table,
  TargetUse,
  UserChain,
} from '../../rules/ir.ts';
import {
  anyPort,
  comment,
  device,
  extension,
  icmp,
  limit,
  mark,
  rule,
  tcp,
  udp,
  udpFrom,
} from '../../rules/nft/testing/rules.ts';
import { pick, type Random, randomFrom } from '../harness/random.ts';

/** Interfaces of the namespace that packets are sent in, beside lo. */
export const devices = ['eth0', 'averylongname15', 'a*'] as const;

const users = ['first', 'second', 'gen_1_x'] as const;

/**
 * A filter table of rules that packets of ours match or just miss: headers of all kinds, matches on
 * transport headers in any order, limits before and behind them.
 */
export function randomTable(seed: number): Table {
  const random = randomFrom(seed);
  const rules = (count: number, chains: readonly string[]) =>
    Array.from({ length: count }, () => randomRule(random, chains));
  const builtin = (name: string, hook: HookNumber, count: number): BuiltinChain => {
    return {
      kind: 'builtin',
      name,
      hook,
      rules: rules(count, users),
      policy: rule({ target: { kind: random(3) === 0 ? 'drop' : 'accept' } }),
    };
  };
  const user = (name: string, at: number): UserChain => {
    return {
      kind: 'user',
      name,
      rules: rules(6, users.slice(at + 1)),
      headIndex: 0,
      tail: rule({ target: { kind: 'return' } }),
    };
  };
  return {
    name: 'filter',
    chains: [builtin('INPUT', 1, 12), builtin('FORWARD', 2, 0), builtin('OUTPUT', 3, 25), ...users.map(user)],
  };
}

function randomRule(random: Random, chains: readonly string[]): Rule {
  const protocol = pick(random, [0, 6, 6, 17, 17, 1]);
  const matches = randomMatches(random, protocol);
  const target = randomTarget(random, chains);
  const goes = target.kind === 'goto' ? 2 : 0; // IPT_F_GOTO
  const { flags, ...header } = matches.length > 0 && random(3) > 0 ? { flags: 0, inverted: 0 } : randomHeader(random);
  const given =
    matches.length > 0 || random(2) === 0
      ? { protocol, inverted: header.inverted & ~0x40 }
      : randomProtocol(random, header.inverted);
  return rule({ header: { ...header, ...given, flags: flags | goes }, matches, target });
}

function randomProtocol(random: Random, inverted: number): Partial<HeaderMatch> {
  return { protocol: pick(random, [6, 17, 47, 255, 262]), inverted: (inverted & ~0x40) | pick(random, [0, 0x40]) };
}

function randomHeader(random: Random): Partial<HeaderMatch> & { readonly flags: number; readonly inverted: number } {
  const address = () => pick(random, [0, 0x0a000001, 0x0a000002, 0x7f000001, 0xc0000201, 0xc6336401, 0x0a000000]);
  const mask = () => pick(random, [0, 0, 0xffffffff, 0xff000000, 0xffffff00, 0xff0000ff, 1, 0xfffffffe]);
  const interfaceMatch = () =>
    pick(random, [
      device('+'),
      device('+'),
      device('lo'),
      device('eth0'),
      device('eth+'),
      device('a*'),
      device('averylongname15'),
      device('averylongname1+'),
      device('averylongname15+'),
      device('x'),
      device('lo', 16),
      device(''),
    ]);
  const [sourceMask, destinationMask] = [mask(), mask()];
  const value = (under: number) => (random(6) === 0 ? address() : (address() & under) >>> 0);
  return {
    source: value(sourceMask),
    sourceMask,
    destination: value(destinationMask),
    destinationMask,
    inInterface: interfaceMatch(),
    outInterface: interfaceMatch(),
    flags: pick(random, [0, 0, 0, 1]),
    inverted: random(3) === 0 ? random(0x80) & ~0x20 : pick(random, [0, 0, 0, 0, 0x20, 1, 2, 3, 8, 0x10]),
  };
}

function randomMatches(random: Random, protocol: number): readonly MatchUse[] {
  const transport = {
    6: () => pick(random, [tcp(80), tcp(22), tcp(), anyPort(80, 22), anyPort(1000)]),
    17: () => pick(random, [udp(80), udp(), udp(53), udp('never'), udpFrom(1000), udpFrom(53), anyPort(53, 5)]),
    1: () => pick(random, [icmp(8), icmp(3, true), icmp(255)]),
  }[protocol];
  const other = () => pick(random, [mark(1), mark(0), comment('a comment')]);
  const list: MatchUse[] = [];
  if (transport !== undefined) for (let count = random(3); count > 0; count -= 1) list.push(transport());
  if (random(3) === 0) list.push(other());
  if (random(3) === 0) list.splice(random(list.length + 1), 0, limit(pick(random, [2, 3, 5])));
  return list;
}

function randomTarget(random: Random, chains: readonly string[]): TargetUse {
  const chain = chains[random(chains.length)];
  const kind = random(10);
  if (kind === 0 && chain !== undefined) return { kind: 'jump', chain };
  if (kind === 1 && chain !== undefined) return { kind: 'goto', chain };
  if (kind === 2) return extension('MARK', 2, { mark: random(2), mask: 0xffffffff });
  return pick<TargetUse>(random, [
    { kind: 'continue' },
    { kind: 'continue' },
    { kind: 'continue' },
    { kind: 'continue' },
    { kind: 'return' },
    { kind: 'drop' },
    { kind: 'accept' },
  ]);
}
