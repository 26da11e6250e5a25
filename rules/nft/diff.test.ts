import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import type { Rule } from '../ir.ts';
import type { AnalysisCache } from './analysis.ts';
import { tableContext } from './context.ts';
import { diffTable } from './diff.ts';
import { documentFor } from './document.ts';
import { planTable } from './plan.ts';
import { anyPort, comment, device, match, rule, tcp, udp } from './testing/rules.ts';
import { tableOf } from './testing/table.ts';

const onTcp = (fields: Partial<Rule['header']>, ...matches: Rule['matches']) =>
  rule({ header: { protocol: 6, ...fields }, matches });

/** Which guards of each rule of INPUT are left out, as bits. */
function covered(...rules: readonly Rule[]): readonly number[] {
  const [chain] = planTable(tableOf({ INPUT: rules }), tableContext('filter'), new Map()).chains;
  return (chain?.entries ?? []).slice(0, -1).map((entry) => entry.covered);
}

const from = (source: number) => ({ source, sourceMask: 0xffffffff });

describe('guards', () => {
  it.each<[string, readonly Rule[], readonly number[]]>([
    ['the first stands', [onTcp({}, tcp(1)), onTcp({}, tcp(2))], [0, 1]],
    ['a wider header covers a narrower', [onTcp({}, tcp(1)), onTcp(from(1), tcp(2))], [0, 1]],
    ['a narrower covers no wider', [onTcp(from(1), tcp(1)), onTcp({}, tcp(2))], [0, 0]],
    ['another header covers nothing', [onTcp(from(1), tcp(1)), onTcp(from(2), tcp(2))], [0, 0]],
    ['more bytes cover fewer', [onTcp({}, tcp(1)), onTcp({}, anyPort(2))], [0, 1]],
    ['fewer cover no more', [onTcp({}, anyPort(2)), onTcp({}, tcp(1))], [0, 0]],
    ['within a rule', [onTcp({}, tcp(1), anyPort(2))], [2]],
    [
      'one behind other tests covers nothing',
      [onTcp({}, match('mark', 1, { mark: 1, mask: 1, invert: 0 }), tcp(1)), onTcp({}, tcp(2))],
      [0, 0],
    ],
    ['one behind a comment does', [onTcp({}, comment('x'), tcp(1)), onTcp({}, tcp(2))], [0, 1]],
    ['another protocol', [onTcp({}, tcp(1)), rule({ header: { protocol: 17 }, matches: [udp(1)] })], [0, 0]],
    [
      'a rule that never matches has its guard',
      [
        rule({ header: { protocol: 17 }, matches: [udp('never')] }),
        rule({ header: { protocol: 17 }, matches: [udp(1)] }),
      ],
      [0, 1],
    ],
    [
      'a wide one among many narrow',
      [
        ...Array.from({ length: 20 }, (_, at) => onTcp(from(at + 1), tcp(1))),
        onTcp({}, tcp(1)),
        onTcp(from(99), tcp(1)),
      ],
      [...new Array<number>(21).fill(0), 1],
    ],
  ])('%s', (_, rules, expected) => expect(covered(...rules)).toEqual(expected));
});

describe('diffTable', () => {
  it.each<[string, Parameters<typeof tableOf>, string]>([
    [
      'a rule',
      [{ INPUT: [rule(), rule({ header: { inInterface: device('@x') } })] }],
      'rule 2 of chain INPUT: interface name "@x"',
    ],
    [
      'a rule of a user chain',
      [{ INPUT: [], web: [rule({ target: { kind: 'queue' } })] }],
      'rule 1 of chain web: QUEUE',
    ],
  ])('names %s that can not be carried', (_, [chains], message) => {
    const work = () => documentFor(diffTable(undefined, tableOf(chains), { instance: 'x' }), () => []);
    expect(work).toThrow(message);
    expect(work).toThrow(expect.objectContaining({ code: 'not-expressible', cause: expect.any(BpfilterError) }));
  });

  it('decodes only what it has not seen', () => {
    const cache: AnalysisCache = new Map();
    const seen: number[] = [];
    const watched = (...rules: readonly Rule[]) => {
      const table = tableOf({ INPUT: rules });
      return {
        ...table,
        rule(index: number) {
          seen.push(index);
          return table.rule(index);
        },
      };
    };
    const one = documentFor(diffTable(undefined, watched(onTcp({}, tcp(1))), { instance: 'x', cache }), () => []);
    seen.length = 0;
    documentFor(
      diffTable(one.installed, watched(onTcp({}, tcp(1)), onTcp({}, tcp(2))), { instance: 'x', cache }),
      () => [],
    );
    expect(new Set(seen)).toEqual(new Set([1]));
  });

  it('forgets what has long gone', () => {
    const cache: AnalysisCache = new Map();
    for (let at = 0; at < 3000; at += 1)
      diffTable(undefined, tableOf({ INPUT: [onTcp(from(at + 1), tcp(1))] }), { instance: 'x', cache });
    expect(cache.size).toBeLessThan(1100);
  });
});
