import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../../protocol/error.ts';
import type { MatchUse, TargetUse } from '../ir.ts';
import { nftMissing } from '../testing/nft-load.ts';
import { diffTable } from './diff.ts';
import { renderTable } from './document.ts';
import type { TableSource } from './source.ts';
import { type Namespace, openNamespace } from './testing/namespace.ts';
import { extension, limit, match, rule, tcp, udp } from './testing/rules.ts';
import { type Chains, tableOf } from './testing/table.ts';

/** INPUT leads to c1, that to c2, and so on to c`length`, which holds `matches`. */
function ladder(
  length: number,
  kind: 'jump' | 'goto',
  matches: readonly MatchUse[] = [],
  protocol = 0,
  last: TargetUse = { kind: 'continue' },
): TableSource {
  const names = Array.from({ length }, (_, at) => `c${at + 1}`);
  const to = (chain: string): TargetUse => ({ kind, chain });
  const chains: Chains = {
    INPUT: names[0] === undefined ? [] : [rule({ target: to(names[0]) })],
    ...Object.fromEntries(
      names.map((name, at) => {
        const next = names[at + 1];
        return [
          name,
          [rule(next === undefined ? { header: { protocol }, matches, target: last } : { target: to(next) })],
        ];
      }),
    ),
  };
  return tableOf(chains);
}

/** The longest ladder that nft follows. */
const cases: readonly (readonly [string, number, (length: number) => TableSource])[] = [
  ['jumps', 14, (length) => ladder(length, 'jump')],
  ['gotos', 14, (length) => ladder(length, 'goto')],
  ['a guard below', 13, (length) => ladder(length, 'jump', [tcp()], 6)],
  ['a limit before a guard below', 11, (length) => ladder(length, 'jump', [limit(2), udp()], 17)],
  ['a limit behind the guard', 13, (length) => ladder(length, 'jump', [udp(), limit(2)], 17)],
];
/** Of 64 levels the built-in chain is one. */
const LONGEST = 63;

const planOf = (source: TableSource) => diffTable(undefined, source, { instance: 'x' }).plan;

describe('the depth of jumps', () => {
  it.each(cases)('%s: as they are, then written out, then refused', (_, longest, build) => {
    expect(planOf(build(longest)).inlined.size).toBe(0);
    const deeper = planOf(build(longest + 1)).inlined.size;
    expect(deeper).toBeGreaterThan(0);
    expect(planOf(build(LONGEST)).inlined.size).toBeGreaterThan(deeper);
    const tooDeep = () => planOf(build(LONGEST + 1));
    expect(tooDeep).toThrow(`chain c${LONGEST + 1}: jumps nest 65 deep`);
    try {
      tooDeep();
    } catch (error) {
      expect(errnoOf(error)).toBe(errno.ELOOP);
    }
  });

  it('lets chains that no hook leads to be deep', () => {
    const names = Array.from({ length: 40 }, (_, at) => `c${at}`);
    const chains = names.map(
      (name, at) => [name, at === 39 ? [] : [rule({ target: { kind: 'jump', chain: `c${at + 1}` } })]] as const,
    );
    diffTable(undefined, tableOf(Object.fromEntries(chains)), { instance: 'x' });
  });

  it('leaves out jumps of rules that never match', () => {
    const { chains, ...rest } = ladder(15, 'jump');
    const dead: TableSource = {
      ...rest,
      chains,
      rule: (index) =>
        index === 0 ? { ...rest.rule(0), header: { ...rest.rule(0).header, source: 1 } } : rest.rule(index),
    };
    expect(planOf(dead).inlined.size).toBe(0);
  });

  /** Fifty ways from each chain to the next. */
  const manyPaths = (depth: number): TableSource => {
    const level = (at: number) =>
      [
        `c${at}`,
        at === depth - 1
          ? []
          : Array.from({ length: 50 }, () => rule({ target: { kind: 'jump', chain: `c${at + 1}` } })),
      ] as const;
    return tableOf({
      INPUT: [rule({ target: { kind: 'jump', chain: 'c0' } })],
      ...Object.fromEntries(Array.from({ length: depth }, (_, at) => level(at))),
    });
  };

  it('stays quick where paths are many', () => {
    diffTable(undefined, manyPaths(14), { instance: 'x' });
  });

  it('refuses what would grow too large', () => {
    expect(() => renderTable(manyPaths(30))).toThrow('the table grows more than 10 times as large');
  });

  it.each([
    ['a state', [limit(2)], 'a test with a state leads to it'],
    ['a mark', [match('mark', 1, { mark: 1, mask: 1, invert: 0 })], 'a target in it may change what led to it'],
  ])('refuses %s that leads to chains which would be written out', (_, matches, why) => {
    const marks = extension('MARK', 2, { mark: 1, mask: 1 });
    const { chains, ...rest } = ladder(LONGEST, 'jump', [], 0, marks);
    const source: TableSource = {
      ...rest,
      chains,
      key: (index) => `${rest.key(index)}!`,
      rule: (index) => {
        const one = rest.rule(index);
        return one.target.kind === 'jump' ? { ...one, matches } : one;
      },
    };
    expect(() => renderTable(source)).toThrow(why);
  });

  it('ends on a loop that validation would have refused', () => {
    const jump = (chain: string) => [rule({ target: { kind: 'jump', chain } })];
    expect(() =>
      diffTable(undefined, tableOf({ INPUT: jump('a'), a: jump('b'), b: jump('a') }), { instance: 'x' }),
    ).toThrow(BpfilterError);
  });
});

describe.skipIf(nftMissing)(`the same by the kernel (${nftMissing ?? 'here'})`, () => {
  let namespace: Namespace;
  beforeAll(async () => {
    namespace = await openNamespace();
  });
  afterAll(() => namespace.close());

  it.each(cases)('%s', (_, longest, build) => {
    for (const length of [LONGEST, longest]) {
      namespace.load(renderTable(build(length)));
      namespace.nft(['delete', 'table', 'ip', 'bpfilter_filter']);
    }
    // One level more, by way of a jump from a base chain of our own.
    const deeper = { add: { chain: { family: 'ip', table: 'bpfilter_filter', name: 'deeper' } } } as const;
    const { nftables } = renderTable(build(longest));
    const moved = nftables.map((command) =>
      'add' in command &&
      'rule' in command.add &&
      command.add.rule.chain === 'hook_INPUT' &&
      command.add.rule.expr?.some((one) => 'jump' in one)
        ? { add: { rule: { ...command.add.rule, expr: [{ jump: { target: 'deeper' } }] } } }
        : command,
    );
    const through = { add: { rule: { ...deeper.add.chain, chain: 'deeper', expr: [{ jump: { target: 'INPUT' } }] } } };
    const [create, ...others] = moved;
    if (create === undefined) throw new TypeError('an empty document');
    const { name: _name, ...ruleThrough } = through.add.rule;
    expect(() => namespace.load({ nftables: [create, deeper, ...others, { add: { rule: ruleThrough } }] })).toThrow(
      'Too many links',
    );
  });
});
