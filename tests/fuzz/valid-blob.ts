import { ipv4, type TableName, tableNames } from '../../protocol/family.ts';
import { anyHeader, encodeReplace, encodeTable } from '../../rules/blob/encode.ts';
import type { Chain, HeaderMatch, MatchUse, Rule, TargetUse } from '../../rules/ir.ts';
import type { Random } from '../harness/random.ts';
import { pick } from '../harness/random.ts';
import { type KnownRevision, knownRevisions, type Sample } from './structs.ts';

const counters = { packets: 0n, bytes: 0n };
const blank = anyHeader();
const users = ['one', 'two', 'three'] as const;
const IPT_INV_PROTO = 0x40;

const matchRevisions = knownRevisions.filter(({ definition }) => definition.kind === 'match');
const targetRevisions = knownRevisions.filter(({ definition }) => definition.kind === 'target');

function sampleOf(random: Random, known: KnownRevision): Sample {
  const sample = known.samples[random(known.samples.length)];
  if (sample === undefined) throw new Error(`${known.definition.name} has no samples`);
  return sample;
}

/** An extension that may stand in the table, reached from `hooks`, beside others of the same protocol. */
function choose(random: Random, from: readonly KnownRevision[], table: TableName, hooks: number): KnownRevision {
  for (;;) {
    const known = from[random(from.length)];
    if (known === undefined) throw new Error('no extensions');
    const { placement } = known.definition;
    const tables = placement.table === undefined ? tableNames : [placement.table].flat();
    if (tables.includes(table) && (placement.hooks === undefined || (hooks & ~placement.hooks) === 0)) return known;
  }
}

function header(random: Random, protocol: number, inverted: number): HeaderMatch {
  const base = { ...blank, protocol, inverted };
  switch (random(6)) {
    case 0:
      return { ...base, source: 0x0a000001 + random(3), sourceMask: 0xffffffff };
    case 1:
      return { ...base, destination: 0x0a000000, destinationMask: (0xffffff00 << random(20)) >>> 0 };
    case 2: {
      const name = new Uint8Array(16);
      name.set(Buffer.from('eth0'));
      return { ...base, inInterface: { name, mask: new Uint8Array(16).fill(0xff, 0, 3 + random(3)) } };
    }
    default:
      return base;
  }
}

function rule(random: Random, table: TableName, hooks: number, callable: readonly string[]): Rule {
  const chosen: { readonly use: MatchUse; readonly sample: Sample }[] = [];
  const take = (from: readonly KnownRevision[]): MatchUse => {
    const known = choose(random, from, table, hooks);
    const sample = sampleOf(random, known);
    const use = { name: known.definition.name, revision: known.number, data: sample.data };
    chosen.push({ use, sample });
    return use;
  };
  const matches = Array.from({ length: pick(random, [0, 1, 1, 1, 2]) }, () => take(matchRevisions));
  const target = targetOf(random, callable, () => ({ kind: 'extension', ...take(targetRevisions) }));
  const wanted = chosen.find(({ sample }) => sample.protocol !== 0)?.sample;
  const head = header(random, wanted?.protocol ?? pick(random, [0, 0, 6, 17]), (wanted?.inverted ?? 0) & IPT_INV_PROTO);
  return { index: 0, header: head, matches, target, counters };
}

function targetOf(random: Random, callable: readonly string[], extension: () => TargetUse): TargetUse {
  const chain = callable[random(Math.max(1, callable.length))];
  const kind = random(6);
  if (kind < 2) return extension();
  if (kind < 4 && chain !== undefined) return { kind: random(4) === 0 ? 'goto' : 'jump', chain };
  return { kind: pick(random, ['accept', 'drop', 'return', 'continue'] as const) };
}

function closing(kind: 'accept' | 'drop' | 'return'): Rule {
  return { index: 0, header: blank, matches: [], target: { kind }, counters };
}

/**
 * The argument of a SET_REPLACE that iptables could have made: a table with a few rules, extensions with structs of
 * real command lines where they may stand. Some are refused all the same (two extensions that don't go together).
 */
export function validBlob(random: Random): Uint8Array {
  const table = tableNames[random(tableNames.length)] ?? 'filter';
  const { chains, validHooks } = ipv4.tables[table];
  // Small ones mostly: most that can go wrong can do so in one of a few rules.
  const most = pick(random, [1, 1, 1, 2, 3]);
  const own = users.slice(0, pick(random, [0, 1, 1, 2, 3]));
  const some = (hooks: number, callable: readonly string[]): readonly Rule[] =>
    Array.from({ length: random(most + 1) }, () => rule(random, table, hooks, callable));
  const all: readonly Chain[] = [
    ...chains.map(
      ({ name, hook }): Chain => ({
        kind: 'builtin',
        name,
        hook,
        rules: some(1 << hook, own),
        policy: closing(random(4) === 0 ? 'drop' : 'accept'),
      }),
    ),
    ...own.map(
      (name, place): Chain => ({
        kind: 'user',
        name,
        headIndex: 0,
        rules: some(validHooks, own.slice(place + 1)),
        tail: closing('return'),
      }),
    ),
  ];
  return encodeReplace(encodeTable({ name: table, chains: all }), { numCounters: 4, counters: 0n });
}
