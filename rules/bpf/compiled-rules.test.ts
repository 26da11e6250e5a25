import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { IPT_INV_DSTIP, IPT_INV_PROTO, IPT_INV_SRCIP } from '../../protocol/ip-tables.ts';
import { encodeTable } from '../blob/encode.ts';
import { ipv4Layout } from '../blob/layout.ts';
import { validateReplace } from '../blob/validate.ts';
import type { BlobView } from '../blob/view.ts';
import type { AnyMatch } from '../extension.ts';
import type { Chain, HeaderMatch, MatchUse, Rule, TargetUse } from '../ir.ts';
import { comment } from '../matches/comment.ts';
import { mark } from '../matches/mark.ts';
import { multiport } from '../matches/multiport.ts';
import { tcp } from '../matches/tcp.ts';
import { udp } from '../matches/udp.ts';
import * as registry from '../registry.ts';
import { anyHeader } from '../testing/header.ts';
import { CompiledRules } from './compiled-rules.ts';
import { moveBytes } from './moves.ts';
import { compileRule } from './rule.ts';

const [TCP, UDP] = [6, 17];

interface Wanted {
  readonly header: Partial<HeaderMatch>;
  readonly matches: readonly MatchUse[];
  readonly target: TargetUse;
}

function use(match: AnyMatch, revision: number, info: unknown): MatchUse {
  const found = match.revisions[revision];
  if (found === undefined) throw new Error(`no revision ${revision}`);
  const data = new Uint8Array(Math.ceil(found.size / 8) * 8);
  data.set(found.encode(info));
  return { name: match.name, revision, data };
}

/** A table filter with rules in INPUT, and two chains that they may jump to. */
function viewOf(wanted: readonly Wanted[], previous?: BlobView): BlobView {
  let next = 0;
  const rule = ({ header, matches, target }: Wanted): Rule => ({
    index: next++,
    header: { ...anyHeader, ...header },
    matches,
    target,
    counters: { packets: 0n, bytes: 0n },
  });
  const plain = (kind: 'accept' | 'return') => rule({ header: {}, matches: [], target: { kind } });
  const builtins = ipv4.tables.filter.chains.map(({ name, hook }): Chain => {
    const rules = name === 'INPUT' ? wanted.map(rule) : [];
    return { kind: 'builtin', name, hook, rules, policy: plain('accept') };
  });
  const users = ['a', 'b'].map((name): Chain => {
    const headIndex = next++;
    return { kind: 'user', name, headIndex, rules: [], tail: plain('return') };
  });
  const { entries, hookEntry, underflow } = encodeTable({ name: 'filter', chains: [...builtins, ...users] });
  return validateReplace(
    {
      layout: ipv4Layout,
      name: 'filter',
      validHooks: ipv4.tables.filter.validHooks,
      numEntries: next + 1,
      size: entries.length,
      hookEntry,
      underflow,
      numCounters: 1,
      counters: 0n,
      entries,
    },
    { registry, previous: () => previous },
  );
}

/** Each entry's rule as its pattern gives it, and by itself. */
function expectSame(view: BlobView, rules: CompiledRules): void {
  rules.begin(view);
  const { first, last } = view.chains[0] ?? { first: 0, last: -1 };
  for (let index = first; index <= last; index += 1) {
    const { moves, records, ...rest } = rules.of(view, index, registry);
    const filled = Uint8Array.from(records);
    if (moves !== undefined) moveBytes(moves, view.entries, view.offsets[index] ?? 0, filled, 0);
    const { records: wanted, ...wantedRest } = compileRule(view.rule(index), registry);
    expect(Buffer.from(filled).toString('hex')).toBe(Buffer.from(wanted).toString('hex'));
    expect(rest).toEqual(wantedRest);
  }
}

const address = fc.oneof(
  fc.constantFrom(0, 1, 0x0a000001, 0x0a0000ff, 0x7f000001, 0x80000000, 0xffffffff),
  fc.nat({ max: 0xffffffff }),
);
const mask = fc.constantFrom(0xffffffff, 0xffffff00, 0xfffffff0, 0xffffff80, 0x80000000, 0, 0xff00ff10, 1);
const port = fc.constantFrom(0, 1, 80, 0x5050, 443, 0x0100, 0xfffe, 0xffff);
const ports = fc.oneof(
  fc.constant([0, 0xffff] as const),
  port.map((one) => [one, one] as const),
  fc.tuple(port, port),
);
const isVain = fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true));
const place = fc.tuple(address, mask, isVain).map(([value, bits, vain]) => [vain ? value : (value & bits) >>> 0, bits]);
const inversions = fc.constantFrom(0, 0, 0, IPT_INV_SRCIP, IPT_INV_DSTIP, IPT_INV_SRCIP | IPT_INV_DSTIP);
const header = fc
  .tuple(place, place, inversions)
  .map(([[source = 0, sourceMask = 0], [destination = 0, destinationMask = 0], inverted]) => {
    return { source, sourceMask, destination, destinationMask, inverted };
  });
const pair = fc.record({ spts: ports, dpts: ports, invflags: fc.constantFrom(0, 0, 0, 1, 2, 3) });
const flags = fc.constantFrom(
  { option: 0, flg_mask: 0, flg_cmp: 0 },
  { option: 0, flg_mask: 2, flg_cmp: 2 },
  { option: 8, flg_mask: 0, flg_cmp: 0 },
);
const list = fc.record({
  flags: fc.nat({ max: 2 }),
  count: fc.constantFrom(1, 1, 2),
  one: port,
  other: port,
  invert: fc.nat({ max: 1 }),
});
const multi = list.map(({ flags, count, one, other, invert }) => {
  const rest = new Array<number>(13).fill(0);
  const info = { flags, count, ports: [one, other, ...rest], pflags: [0, 0, ...rest], invert };
  return use(multiport, 1, info);
});
const tcpUse = fc.tuple(pair, flags).map(([ports, rest]) => use(tcp, 0, { ...ports, ...rest }));
const udpUse = pair.map((ports) => use(udp, 0, ports));
const other = fc.oneof(
  fc.nat({ max: 3 }).map((value) => use(mark, 1, { mark: value, mask: 3, invert: 0 })),
  fc.constantFrom(1, 2).map((letter) => use(comment, 0, { comment: new Uint8Array(256).fill(letter, 0, 8) })),
);
const matchesOf = (protocol: number, first: fc.Arbitrary<MatchUse>) =>
  fc
    .tuple(fc.array(fc.oneof({ weight: 4, arbitrary: first }, multi, other), { maxLength: 3 }), header)
    .map(([matches, addresses]) => ({ matches, header: { ...addresses, protocol } }));
const body = fc.oneof(
  matchesOf(TCP, tcpUse),
  matchesOf(UDP, udpUse),
  fc.record({ header, matches: fc.array(other, { maxLength: 1 }) }),
  header.map((addresses) => ({
    header: { ...addresses, protocol: TCP, inverted: addresses.inverted | IPT_INV_PROTO },
    matches: [],
  })),
);
const target = fc.constantFrom<TargetUse>(
  { kind: 'accept' },
  { kind: 'drop' },
  { kind: 'continue' },
  { kind: 'jump', chain: 'a' },
  { kind: 'jump', chain: 'b' },
  { kind: 'goto', chain: 'a' },
);
const rule: fc.Arbitrary<Wanted> = fc.tuple(body, target).map(([one, target]) => ({ ...one, target }));
/** The same rule, other numbers: most are of one form. */
const alike = fc
  .tuple(rule, fc.array(fc.tuple(place, place, port, port), { minLength: 2, maxLength: 6 }))
  .map(([{ header, matches, target }, numbers]) =>
    numbers.map(([[source = 0], [destination = 0], sport, dport]) => ({
      target,
      header: {
        ...header,
        source: (source & (header.sourceMask ?? 0)) >>> 0,
        destination: (destination & (header.destinationMask ?? 0)) >>> 0,
      },
      matches: matches.map((one) => {
        if (one.name !== 'tcp' && one.name !== 'udp') return one;
        const data = Uint8Array.from(one.data);
        const view = new Uint16Array(data.buffer, 0, 4);
        if (view[0] === view[1]) view.fill(sport, 0, 2);
        if (view[2] === view[3]) view.fill(dport, 2, 4);
        return { ...one, data };
      }),
    })),
  );

describe('rules by their patterns', () => {
  it('are what each becomes by itself', () => {
    const table = fc.array(fc.oneof(alike, alike, fc.array(rule, { maxLength: 4 })), { maxLength: 5 });
    fc.assert(
      fc.property(table, table, (before, after) => {
        const rules = new CompiledRules();
        const first = viewOf(before.flat());
        expectSame(first, rules);
        expectSame(viewOf(after.flat(), first), rules);
        expectSame(first, rules);
      }),
      { numRuns: 150 },
    );
  });

  /** A port that another match of the rule compares, too: what is asked beforehand hangs on whether they are the same. */
  it('are what each becomes by itself where two matches compare a port', () => {
    const rest = new Array<number>(14).fill(0);
    const fixed = use(multiport, 1, { flags: 0, count: 1, ports: [80, ...rest], pflags: [0, ...rest], invert: 0 });
    const rulesOf = (ports: readonly number[]) =>
      ports.map((one): Wanted => {
        const info = { spts: [one, one], dpts: [443, 443], invflags: 0, option: 0, flg_mask: 0, flg_cmp: 0 };
        const matches = [use(mark, 1, { mark: 1, mask: 3, invert: 0 }), fixed, use(tcp, 0, info)];
        return { header: { protocol: TCP }, matches, target: { kind: 'drop' } };
      });
    expectSame(viewOf(rulesOf([81, 82, 80, 83])), new CompiledRules());
  });

  it('are few objects', () => {
    const rules = new CompiledRules();
    const info = (one: number) => ({
      spts: [0, 0xffff],
      dpts: [one, one],
      invflags: 0,
      option: 0,
      flg_mask: 0,
      flg_cmp: 0,
    });
    const wanted = Array.from({ length: 50 }, (_, at): Wanted => {
      const header = { protocol: TCP, source: 0x0a000000 + at, sourceMask: 0xffffffff };
      return { header, matches: [use(tcp, 0, info(at))], target: { kind: 'drop' } };
    });
    const view = viewOf(wanted);
    rules.begin(view);
    expect(new Set(wanted.map((_, index) => rules.of(view, index, registry))).size).toBe(2);
  });
});
