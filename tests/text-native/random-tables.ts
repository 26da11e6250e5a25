import { anyHeader } from '../../rules/blob/encode.ts';
import type {
  BuiltinChain,
  Chain,
  HeaderMatch,
  HookNumber,
  InterfaceMatch,
  Rule,
  Table,
  TargetUse,
  UserChain,
} from '../../rules/ir.ts';
import { type Random, randomFrom } from '../harness/random.ts';

/**
 * A filter table that no iptables command line makes, though the kernel takes it: masks with holes,
 * names without end or with bytes behind it, protocols past 255, inversions of nothing, goto on
 * verdicts, user chains out of order.
 */
export function randomTable(seed: number): Table {
  const random = randomFrom(seed);
  const users = shuffled(['b', 'a', 'B', 'zebra', '1', 'a1', '\u00e4'], random);
  const rules = (count: number, targets: readonly string[]): readonly Rule[] =>
    Array.from({ length: count }, () => randomRule(random, targets));
  const builtin = (name: string, hook: HookNumber, count: number): BuiltinChain => {
    return {
      kind: 'builtin',
      name,
      hook,
      rules: rules(count, users),
      policy: { ...plain, target: { kind: random(2) === 0 ? 'accept' : 'drop' } },
    };
  };
  const user = (name: string, index: number): UserChain => {
    // Only to later ones: no loops.
    return {
      kind: 'user',
      name,
      rules: rules(3, users.slice(index + 1)),
      headIndex: 0,
      tail: { ...plain, target: { kind: 'return' } },
    };
  };
  const chains: readonly Chain[] = [
    builtin('INPUT', 1, 40),
    builtin('FORWARD', 2, 20),
    builtin('OUTPUT', 3, 0),
    ...users.map(user),
  ];
  return { name: 'filter', chains };
}

const noInterface: InterfaceMatch = { name: new Uint8Array(16), mask: new Uint8Array(16) };

const plain: Rule = {
  index: 0,
  header: anyHeader(),
  matches: [],
  target: { kind: 'accept' },
  counters: { packets: 0n, bytes: 0n },
};

function randomRule(random: Random, targets: readonly string[]): Rule {
  return { ...plain, header: randomHeader(random), target: randomTarget(random, targets) };
}

function randomHeader(random: Random): HeaderMatch {
  const address = (): number => (random(3) === 0 ? 0 : random(2 ** 32));
  const mask = (): number => (random(2) === 0 ? random(2 ** 32) : (0xffff_ffff << random(33)) >>> 0);
  return {
    source: address(),
    sourceMask: mask(),
    destination: address(),
    destinationMask: mask(),
    inInterface: randomInterface(random),
    outInterface: randomInterface(random),
    protocol: random(2) === 0 ? random(0x1_0000) : random(256),
    flags: random(4),
    inverted: random(0x80),
  };
}

function randomInterface(random: Random): InterfaceMatch {
  if (random(3) === 0) return noInterface;
  const text = 'eth0+lo\u00e9 \'"\\/.:';
  const letter = (): number => (random(12) === 0 ? 0 : text.charCodeAt(random(text.length)));
  const covered = random(17);
  return {
    name: Uint8Array.from({ length: 16 }, letter),
    mask: Uint8Array.from({ length: 16 }, (_, index) => (index < covered || random(10) === 0 ? 0xff : 0)),
  };
}

function randomTarget(random: Random, chains: readonly string[]): TargetUse {
  const kinds = ['accept', 'drop', 'queue', 'return', 'continue'] as const;
  const chain = chains[random(chains.length + 1)];
  if (chain !== undefined) return { kind: random(2) === 0 ? 'jump' : 'goto', chain };
  return { kind: kinds[random(kinds.length)] ?? 'drop' };
}

function shuffled<T>(values: readonly T[], random: Random): readonly T[] {
  return values
    .map((value) => ({ value, place: random(2 ** 32) }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
