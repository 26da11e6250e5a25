import { endpoints } from '../../rules/conntrack/info.ts';
import type { HeaderMatch, MatchUse, Rule, TableName, TargetUse } from '../../rules/ir.ts';
import type { TableSource } from '../../rules/nft/source.ts';
import { comment, device, extension, limit, mark, match, rule } from '../../rules/nft/testing/rules.ts';
import { tableOf } from '../../rules/nft/testing/table.ts';
import { pick, type Random, randomFrom } from '../harness/random.ts';

const users = ['first', 'second', 'a chain: (odd)', 'gen_1_x'] as const;

/**
 * A table with rules of everything there is, also in combinations that nobody would write; some of them
 * no backend expresses.
 */
export function randomRules(seed: number, count: number): readonly Rule[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => randomRule(random, []));
}

/** A table of rules of which `accepts` says that they can be had there. */
export function randomTable(seed: number, accepts: (rule: Rule, table: TableName) => boolean): TableSource {
  const random = randomFrom(seed);
  const table = pick<TableName>(random, ['filter', 'filter', 'filter', 'mangle', 'raw', 'nat', 'security']);
  const some = (most: number, chains: readonly string[]) =>
    Array.from({ length: random(most + 1) }, () => randomRule(random, chains)).filter((one) => accepts(one, table));
  const names = table === 'nat' || table === 'raw' ? ['PREROUTING', 'OUTPUT'] : ['INPUT', 'OUTPUT'];
  const chains = users.slice(0, random(users.length + 1));
  return tableOf(
    Object.fromEntries([
      ...names.map((name) => [name, some(14, chains)]),
      ...chains.map((name, at) => [name, some(6, chains.slice(at + 1))]),
    ]),
    { table, policies: table === 'nat' ? {} : { OUTPUT: pick(random, ['accept', 'drop']) } },
  );
}

function randomRule(random: Random, chains: readonly string[]): Rule {
  const protocol = pick(random, [0, 6, 6, 6, 17, 17, 1, 33, 132, 136, 47, 58, 255]);
  return rule({
    header: { ...randomHeader(random), protocol, ...(random(8) === 0 ? { inverted: random(0x80) & ~0x20 } : {}) },
    matches: randomMatches(random, protocol),
    target: randomTarget(random, chains, protocol),
  });
}

function randomHeader(random: Random): Partial<HeaderMatch> {
  const mask = () => pick(random, [0, 0, 0, 0xffffffff, 0xff000000, 0xffff0000, 0xffffff00, 0xfffffffe, 0xff0000ff, 1]);
  const [sourceMask, destinationMask] = [mask(), mask()];
  const address = (under: number) => ((random(2 ** 31) * 2 + random(2)) & under) >>> 0;
  const any = device('+');
  const name = () =>
    pick(random, [
      any,
      any,
      any,
      device('lo'),
      device('eth+'),
      device('a*'),
      device('averylongname15'),
      device('averylongname15+'),
      device('x'),
      device(''),
    ]);
  return {
    source: address(sourceMask),
    sourceMask,
    destination: address(destinationMask),
    destinationMask,
    inInterface: name(),
    outInterface: name(),
    flags: pick(random, [0, 0, 0, 0, 0, 1]),
    inverted: pick(random, [0, 0, 0, 1, 2, 3, 8, 0x10, 0x20]),
  };
}

function randomMatches(random: Random, protocol: number): readonly MatchUse[] {
  const list: MatchUse[] = [];
  const hasPorts = [6, 17, 33, 132, 136].includes(protocol);
  if (protocol === 6 && random(3) > 0) list.push(randomTcp(random));
  if (protocol === 17 && random(3) > 0) list.push(randomUdp(random));
  if (protocol === 1 && random(3) > 0) list.push(randomIcmp(random));
  if (hasPorts && random(3) === 0) list.push(randomMultiport(random));
  if (random(4) === 0) list.push(randomConntrack(random));
  if (random(6) === 0) list.push(match('state', 0, { mask: random(0x200) }));
  if (random(6) === 0)
    list.push(
      pick(random, [mark(random(9)), match('mark', 1, { mark: random(8), mask: random(16), invert: random(3) })]),
    );
  if (random(6) === 0)
    list.push(comment(pick(random, ['a comment', 'grün', `long ${'x'.repeat(200)}`, '"quoted"', ''])));
  if (random(6) === 0) list.splice(random(list.length + 1), 0, pick(random, [limit(3), randomLimit(random)]));
  return list;
}

function portPair(random: Random): readonly [number, number] {
  const from = pick(random, [0, 0, 22, 80, 1024, 65535]);
  return pick(random, [
    [0, 65535],
    [0, 65535],
    [from, from],
    [from, Math.min(65535, from + random(3000))],
    [from, 65535],
  ]);
}

function randomTcp(random: Random): MatchUse {
  return match('tcp', 0, {
    spts: portPair(random),
    dpts: portPair(random),
    option: pick(random, [0, 0, 0, 2, 3, 8, 30, 255]),
    flg_mask: pick(random, [0, 0, 0x17, 0x3f, 0xff, 2]),
    flg_cmp: pick(random, [0, 2, 0x12]),
    invflags: pick(random, [0, 0, 0, 1, 2, 3, 4, 8, 15]),
  });
}

function randomUdp(random: Random): MatchUse {
  return match('udp', 0, { spts: portPair(random), dpts: portPair(random), invflags: pick(random, [0, 0, 1, 2, 3]) });
}

function randomIcmp(random: Random): MatchUse {
  const code = pick<readonly [number, number]>(random, [
    [0, 255],
    [3, 3],
    [1, 4],
  ]);
  return match('icmp', 0, { type: pick(random, [8, 0, 3, 255]), code, invflags: random(2) });
}

function randomMultiport(random: Random): MatchUse {
  const count = 1 + random(15);
  const ports = Array.from({ length: 15 }, () => pick(random, [random(65536), random(100), 65535, 0]));
  const pflags = new Array<number>(15).fill(0);
  for (let at = 0; at + 1 < count; at += 1) {
    if (random(3) > 0) continue;
    pflags[at] = 1;
    const [low = 0, high = 0] = ports.slice(at, at + 2).sort((a, b) => a - b);
    ports[at] = low;
    ports[at + 1] = high;
    at += 1;
  }
  return match('multiport', 1, { flags: random(3), count, ports, pflags, invert: random(2) });
}

function randomConntrack(random: Random): MatchUse {
  const address = () => Uint8Array.from({ length: 16 }, (_, at) => (at < 4 ? random(256) : 0));
  const masks = [0xffffffff, 0xff000000, 0xfffffe00, 0x00ff00ff, 0] as const;
  const mask = () => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(pick(random, masks));
    return Uint8Array.from(bytes);
  };
  const sparse = () => random(0x4000) & random(0x4000) & random(0x4000);
  const each = <T>(value: () => T) => Object.fromEntries(endpoints.map((end) => [end, value()]));
  return match('conntrack', 3, {
    addresses: each(() => ({ address: address(), mask: mask() })),
    ports: each(() => {
      const [low, high] = portPair(random);
      return { low, high };
    }),
    expires: pick(random, [
      { min: 0, max: 10 },
      { min: 5, max: 5 },
      { min: 3, max: 2 ** 32 - 1 },
    ]),
    protocol: pick(random, [6, 17, 1, 47, 58, 300]),
    matchFlags: sparse(),
    invertFlags: sparse(),
    states: random(0x200),
    statuses: pick(random, [0, 1, 2, 0x30, 0x3f, 0x42]),
  });
}

function randomLimit(random: Random): MatchUse {
  const avg = pick(random, [1, 33, 100, 500, 10_000, 200_000, 36_000_000]);
  return match('limit', 0, { avg, burst: 1 + random(20), prev: 0n, credit: 0, credit_cap: 0, cost: 0, master: 0n });
}

function randomTarget(random: Random, chains: readonly string[], protocol: number): TargetUse {
  const chain = chains[random(Math.max(1, chains.length))];
  const prefix = new Uint8Array(30);
  prefix.set(Buffer.from(pick(random, ['', 'hit: ', 'über "']).slice(0, 29)));
  const kinds: readonly [TargetUse, ...TargetUse[]] = [
    { kind: 'accept' },
    { kind: 'drop' },
    { kind: 'return' },
    { kind: 'continue' },
    extension('LOG', 0, { level: random(8), logflags: random(0x40), prefix }),
    extension('REJECT', 0, { with: pick(random, [0, 1, 2, 3, 5, 6, 8, 9, protocol === 6 ? 7 : 3]) }),
    extension('MARK', 2, { mark: random(16), mask: pick(random, [0, 1, random(16), 0xffffffff]) }),
  ];
  if (chain !== undefined && random(5) === 0) return { kind: pick(random, ['jump', 'goto']), chain };
  return pick(random, kinds);
}
