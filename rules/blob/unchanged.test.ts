import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import type { Chain, Rule, TargetUse } from '../ir.ts';
import { keptPairs } from '../nft/kept.ts';
import { anyHeader } from '../testing/header.ts';
import { encodeTable } from './encode.ts';
import { type BlobView, inheritKeys, keptOf, viewTable } from './view.ts';

/** Of a user chain: the source addresses of its rules, and which other chain they jump to, if any. */
type Rules = readonly { readonly source: number; readonly to: number | undefined; readonly packets: number }[];

const names = ['a', 'b', 'c'];

function viewOf(chains: readonly Rules[]): BlobView {
  let next = 0;
  const rule = (target: TargetUse, source = 0, packets = 0): Rule => ({
    index: next++,
    header: { ...anyHeader, source, sourceMask: source === 0 ? 0 : 0xffffffff },
    matches: [],
    target,
    counters: { packets: BigInt(packets), bytes: 0n },
  });
  const rulesOf = (rules: Rules, first: number) =>
    rules.map(({ source, to, packets }) => {
      const chain = to === undefined ? undefined : names[first + to];
      return rule(chain === undefined ? { kind: 'drop' } : { kind: 'jump', chain }, source + 1, packets);
    });
  const [input = [], ...users] = chains;
  const builtins = ipv4.tables.filter.chains.map(({ name, hook }): Chain => {
    const rules = name === 'INPUT' ? rulesOf(input, 0) : [];
    return { kind: 'builtin', name, hook, rules, policy: rule({ kind: 'accept' }) };
  });
  const others = users.map((rules, at): Chain => {
    const headIndex = next++;
    return {
      kind: 'user',
      name: names[at] ?? '',
      headIndex,
      rules: rulesOf(rules, at + 1),
      tail: rule({ kind: 'return' }),
    };
  });
  const encoded = encodeTable({ name: 'filter', chains: [...builtins, ...others] });
  return viewTable('filter', encoded.entries, encoded);
}

/** By comparing keys from both ends of each chain. */
function expected(next: BlobView, previous: BlobView): readonly number[] {
  const found = new Array<number>(next.offsets.length).fill(-1);
  for (const { name, first, last } of next.chains) {
    const old = previous.chains.find((chain) => chain.name === name);
    if (old === undefined) continue;
    const same = (at: number, oldAt: number) => next.key(at) === previous.key(oldAt);
    const most = Math.min(last - first, old.last - old.first) + 1;
    let head = 0;
    for (; head < most && same(first + head, old.first + head); head += 1) found[first + head] = old.first + head;
    for (let tail = 0; tail < most - head && same(last - tail, old.last - tail); tail += 1)
      found[last - tail] = old.last - tail;
  }
  return found;
}

/** By keys. */
function expectedToStay(next: BlobView, previous: BlobView): readonly number[] {
  const found = new Array<number>(next.offsets.length).fill(-1);
  const keysOf = (view: BlobView, { first, last }: BlobView['chains'][number]) =>
    Array.from({ length: last - first + 1 }, (_, at) => view.key(first + at));
  for (const chain of next.chains) {
    const old = previous.chains.find(({ name }) => name === chain.name);
    if (old === undefined) continue;
    for (const [at, partner] of keptPairs(keysOf(previous, old), keysOf(next, chain)).entries())
      if (partner >= 0) found[chain.first + at] = old.first + partner;
  }
  return found;
}

const field = (max: number) => fc.nat({ max });
const one = fc.record({
  source: field(3),
  to: fc.option(field(2), { nil: undefined }),
  packets: fc.constantFrom(0, 0, 0, 5),
});
const rules = fc.array(one, { maxLength: 30 });
const edit = fc.record({ chain: field(3), at: field(30), gone: field(2), come: fc.array(one, { maxLength: 2 }) });

it('entries that stayed are found, whatever they count and wherever the chains lie that they jump to', () => {
  fc.assert(
    fc.property(fc.tuple(rules, rules, rules, rules), fc.array(edit, { maxLength: 3 }), (before, edits) => {
      const after = before.map((list) => [...list]);
      for (const { chain, at, gone, come } of edits) after[chain]?.splice(at, gone, ...come);
      const [next, previous] = [viewOf(after), viewOf(before)];
      expect([...inheritKeys(next, previous)]).toEqual(expected(viewOf(after), viewOf(before)));
      expect([...keptOf(next, previous)]).toEqual(expectedToStay(viewOf(after), viewOf(before)));
    }),
    { numRuns: 500 },
  );
});
