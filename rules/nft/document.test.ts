import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalysisCache } from './analysis.ts';
import { diffTable, needsHandles } from './diff.ts';
import { documentFor, type TableDocument } from './document.ts';
import { handlesById } from './listing.ts';
import { installedFrom } from './recover.ts';
import type { TableSource } from './source.ts';
import { arbitraryTable, shapes } from './testing/arbitrary-tables.ts';
import { NftModel } from './testing/nft-model.ts';
import { rule } from './testing/rules.ts';
import { type Chains, type TableOptions, tableOf } from './testing/table.ts';

const options = { instance: 'a' };

function install(
  model: NftModel,
  old: TableDocument | undefined,
  next: TableSource,
  cache?: AnalysisCache,
): TableDocument {
  const diff = diffTable(old?.installed, next, { ...options, ...(cache && { cache }) });
  const handles = handlesById(model.listing());
  const asked = new Set(needsHandles(diff));
  const result = documentFor(
    diff,
    (id) => {
      expect(asked).toContain(id);
      return handles.get(id) ?? [];
    },
    { garbage: (old?.removedIds ?? []).map((id) => `r${id}`) },
  );
  model.apply(result.document);
  return result;
}

/** The rules of each chain, with ids replaced by the place of their entry in the blob. */
function contents(model: NftModel, { ids }: TableDocument): Readonly<Record<string, readonly string[]>> {
  const indexOf = new Map([...ids].map((id, index) => [String(id), index]));
  const renamed = (text: string) =>
    text.replace(
      /\b(guard of r|guard_r|r|l)(\d+)(?=_then|_2|\b)/g,
      (_, prefix: string, id: string) => `${prefix}@${indexOf.get(id)}`,
    );
  const chains = [...model.chains].filter(([name]) => !name.startsWith('gen_'));
  return Object.fromEntries(
    chains.map(([name, list]) => [
      renamed(name),
      list.map(({ rule: found }) => renamed(JSON.stringify([found.comment, found.expr]))),
    ]),
  );
}

describe('documentFor', () => {
  it('makes the same table step by step as at once, and keeps what stays', () => {
    fc.assert(
      fc.property(fc.array(arbitraryTable, { minLength: 2, maxLength: 4 }), (steps) => {
        const model = new NftModel();
        const cache: AnalysisCache = new Map();
        let last: TableDocument | undefined;
        for (const next of steps) {
          const before = last;
          const handles = handlesById(model.listing());
          last = install(model, before, next, cache);
          const fresh = new NftModel();
          expect(contents(model, last)).toEqual(contents(fresh, install(fresh, undefined, next)));
          expect(installedFrom(next, last.ids, last.installed)).toEqual(last.installed);
          const now = handlesById(model.listing());
          for (const id of last.ids) if (handles.has(id)) expect(now.get(id)).toEqual(handles.get(id));
          const live = last.installed.chains
            .flatMap(({ entries }) => entries)
            .flatMap(({ id, owned = [] }) => [`r${id}`, ...owned.filter((name) => name.startsWith('l'))]);
          const left = last.removedIds.map((id) => `r${id}`);
          expect(new Set(model.objects)).toEqual(new Set([...live, ...left]));
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each<[string, Chains, Chains, TableOptions, readonly string[]]>([
    ['nothing', { INPUT: shapes }, { INPUT: shapes }, {}, []],
    [
      'an append',
      { INPUT: [rule()] },
      { INPUT: [rule(), rule({ target: { kind: 'drop' } })] },
      {},
      ['add counter', 'add rule'],
    ],
    [
      'an insert',
      { INPUT: [rule()] },
      { INPUT: [rule({ target: { kind: 'drop' } }), rule()] },
      {},
      ['add counter', 'insert rule'],
    ],
    ['a delete', { INPUT: [rule(), rule({ target: { kind: 'drop' } })] }, { INPUT: [rule()] }, {}, ['delete rule']],
    [
      'a policy',
      { INPUT: [rule()] },
      { INPUT: [rule()] },
      { policies: { INPUT: 'drop' } },
      ['add counter', 'delete rule', 'add rule'],
    ],
    ['a chain', {}, { A: [] }, {}, ['add counter', 'add chain', 'add rule']],
    ['a chain less', { A: [] }, {}, {}, ['flush chain', 'delete chain']],
    [
      'a second rule behind a guard',
      { INPUT: [shapes[4] ?? rule()] },
      { INPUT: [shapes[4] ?? rule(), shapes[5] ?? rule()] },
      {},
      ['add counter', 'add rule'],
    ],
  ])('changes no more than %s', (_, before, after, tableOptions, expected) => {
    const model = new NftModel();
    const first = install(model, undefined, tableOf(before));
    const { document } = install(model, first, tableOf(after, tableOptions));
    const words = document.nftables.map((command) => {
      const [[verb, object] = ['', {}]] = Object.entries(command);
      return `${verb} ${Object.keys(object)[0]}`;
    });
    expect(words).toEqual(['delete chain', 'add chain', ...expected]);
  });

  it('refuses to work from a stale generation', () => {
    const model = new NftModel();
    const first = install(model, undefined, tableOf({}));
    const change = () =>
      documentFor(diffTable(first.installed, tableOf({ INPUT: [rule()] }), options), () => []).document;
    model.apply(change());
    expect(() => model.apply(change())).toThrow('no chain gen_1_a');
  });

  it('needs the handle of an entry that rules are put in front of', () => {
    const { installed } = documentFor(diffTable(undefined, tableOf({ INPUT: [rule()] }), options), () => []);
    const diff = diffTable(installed, tableOf({ INPUT: [rule({ target: { kind: 'drop' } }), rule()] }), options);
    expect(() => documentFor(diff, () => [])).toThrow('no rule of r1 is in the kernel');
  });
});
