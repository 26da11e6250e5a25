import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { encodeTable } from '../blob/encode.ts';
import { type BlobView, inheritKeys, viewTable } from '../blob/view.ts';
import type { Chain, Rule } from '../ir.ts';
import type { AnalysisCache } from './analysis.ts';
import { diffTable, needsHandles, type TableDiff } from './diff.ts';
import { documentFor } from './document.ts';
import type { InstalledTable } from './installed.ts';
import type { NftDocument } from './json.ts';
import { ruleEntry } from './listing.ts';
import { anyPort, comment, limit, rule, tcp, udp } from './testing/rules.ts';

const from = (source: number) => ({ source, sourceMask: 0xffffffff });
const end = rule({ target: { kind: 'return' } });

/** Many need guards, some of which cover others; few enough kinds that they come again. */
const pool: readonly Rule[] = [
  rule(),
  rule({ header: from(7), target: { kind: 'drop' } }),
  rule({ target: { kind: 'jump', chain: 'user' } }),
  rule({ header: { protocol: 17 }, matches: [udp(1)] }),
  rule({ header: { protocol: 6 }, matches: [limit(1)] }),
  ...[1, 2].map((port) => rule({ header: { protocol: 6 }, matches: [tcp(port)] })),
  ...Array.from({ length: 20 }, (_, at) =>
    rule({ header: { protocol: 6, ...from(at + 1) }, matches: [at % 3 === 0 ? anyPort(at) : tcp(at)] }),
  ),
  rule({ header: { protocol: 6, ...from(3) }, matches: [comment('x'), tcp(1), anyPort(2)] }),
];

function viewOf(input: readonly number[], user: readonly number[]): BlobView {
  let next = 0;
  const placed = (one: Rule): Rule => ({ ...one, index: next++ });
  const rulesOf = (chosen: readonly number[], jumps: boolean) =>
    chosen.map((at) => pool[at] ?? end).filter(({ target }) => jumps || target.kind !== 'jump');
  const builtins = ipv4.tables.filter.chains.map(({ name, hook }): Chain => {
    const rules = (name === 'INPUT' ? rulesOf(input, true) : []).map(placed);
    return { kind: 'builtin', name, hook, rules, policy: placed(rule()) };
  });
  const headIndex = next++;
  const rules = rulesOf(user, false).map(placed);
  const encoded = encodeTable({
    name: 'filter',
    chains: [...builtins, { kind: 'user', name: 'user', rules, headIndex, tail: placed(end) }],
  });
  return viewTable('filter', encoded.entries, encoded);
}

/** The rules of each chain as nf_tables has them, with the handles it gives. */
class Chains {
  readonly #chains = new Map<string, { readonly handle: number; readonly text: string; readonly id: number }[]>();
  #next = 1;

  handlesOf(id: number): readonly number[] {
    return [...this.#chains.values()].flat().flatMap((one) => (one.id === id ? [one.handle] : []));
  }

  run({ nftables }: NftDocument): void {
    for (const command of nftables) {
      const object = 'add' in command ? command.add : 'insert' in command ? command.insert : undefined;
      if (object !== undefined && 'rule' in object) {
        const { chain, handle, expr = [] } = object.rule;
        const list = this.#chains.get(chain) ?? [];
        const added = { handle: this.#next++, text: JSON.stringify(expr), id: ruleEntry(object.rule) ?? 0 };
        const place = handle === undefined ? list.length : list.findIndex((one) => one.handle === handle);
        expect(place).toBeGreaterThanOrEqual(0);
        list.splice(place, 0, added);
        this.#chains.set(chain, list);
      } else if ('delete' in command && 'rule' in command.delete) {
        const { chain, handle } = command.delete.rule;
        const list = this.#chains.get(chain) ?? [];
        const place = list.findIndex((one) => one.handle === handle);
        expect(place).toBeGreaterThanOrEqual(0);
        list.splice(place, 1);
      } else if ('flush' in command && 'chain' in command.flush) this.#chains.set(command.flush.chain.name, []);
      else if ('delete' in command && 'chain' in command.delete) this.#chains.delete(command.delete.chain.name);
    }
  }

  /** Without ids, which a table made anew has others of. */
  texts(): readonly (readonly [string, readonly string[]])[] {
    const shown = [...this.#chains].map(
      ([name, list]) => [name, list.map(({ text }) => text.replaceAll(/"(r|l|guard_r)\d+"/g, '"$1"'))] as const,
    );
    return shown.filter(([, list]) => list.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const planned = ({ plan }: TableDiff) => ({
  guards: [...plan.guards.keys()],
  chains: plan.chains.map(({ entries }) => entries.map(({ key, covered, levels }) => [key, covered, levels])),
});

/** Some are so many that they go all at once. */
const beginning = fc.array(fc.nat({ max: pool.length - 1 }), { maxLength: 90 });
const rules = fc.array(fc.nat({ max: pool.length - 1 }), { maxLength: 40 });
/** Where, how many go, what comes. */
const edit = fc.tuple(
  fc.nat({ max: 40 }),
  fc.constantFrom(0, 1, 3, 100),
  fc.array(fc.nat({ max: pool.length - 1 }), { maxLength: 3 }),
);

it('a table that changes step by step becomes what it would be if made at once', () => {
  fc.assert(
    fc.property(beginning, rules, fc.array(fc.tuple(fc.boolean(), edit), { maxLength: 6 }), (input, user, edits) => {
      const lists: [number[], number[]] = [[...input], [...user]];
      const cache: AnalysisCache = new Map();
      const kernel = new Chains();
      let before: { readonly view: BlobView; readonly installed: InstalledTable } | undefined;
      for (const [which, [at, gone, come]] of [[true, [0, 0, []]] as const, ...edits]) {
        lists[which ? 0 : 1].splice(at, gone, ...come);
        const view = viewOf(...lists);
        if (before !== undefined) inheritKeys(view, before.view);
        const diff = diffTable(before?.installed, view, { instance: 'x', cache });
        const wanted = new Set(needsHandles(diff));
        const { document, installed, ids } = documentFor(diff, (id) => {
          expect(wanted).toContain(id);
          return kernel.handlesOf(id);
        });
        kernel.run(document);
        const fresh = diffTable(undefined, viewOf(...lists), { instance: 'x' });
        expect(planned(diff)).toEqual(planned(fresh));
        const anew = new Chains();
        anew.run(documentFor(fresh, () => []).document);
        expect(kernel.texts()).toEqual(anew.texts());
        const given = [...ids].filter((id) => id !== 0);
        expect(new Set(given).size).toBe(given.length);
        before = { view, installed };
      }
    }),
    { numRuns: 300 },
  );
});

it.each([
  ['all', 0, 'none', 1],
  ['all but one', 1, 'one by one', 0],
])('of many rules %s go: the chain is emptied at once or not', (_, staying, removed, flushes) => {
  const numbers = (from: number) => Array.from({ length: 70 }, (_, at) => from + (at % 10));
  const [before, after] = [numbers(7), [...numbers(17).slice(staying), ...numbers(7).slice(0, staying)]];
  const first = documentFor(diffTable(undefined, viewOf(before, before), { instance: 'x' }), () => []);
  const diff = diffTable(first.installed, viewOf(after, after), { instance: 'x' });
  const { nftables } = documentFor(diff, (id) => [id]).document;
  expect(nftables.filter((one) => 'flush' in one).length).toBe(2 * flushes);
  const deleted = nftables.filter((one) => 'delete' in one && 'rule' in one.delete).length;
  expect(deleted > 0).toBe(removed === 'one by one');
  expect(needsHandles(diff).length > 0).toBe(removed === 'one by one');
});
