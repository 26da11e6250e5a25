import type { DifferentialCase } from './case.ts';
import type { RandomTable } from './ruleset.ts';

/** The first of several that still differs; one call asks about all of them. */
export type FirstBad = (candidates: readonly DifferentialCase[]) => Promise<DifferentialCase | undefined>;

/** Calls of `firstBad` at most: each starts two programs. */
const patience = 30;

/** Fewer packets, tables and rules, as long as the difference stays. */
export async function shrink(finding: DifferentialCase, firstBad: FirstBad): Promise<DifferentialCase> {
  let calls = 0;
  const smaller = async <Item>(
    items: readonly Item[],
    without: (items: readonly Item[]) => DifferentialCase,
  ): Promise<readonly Item[]> => {
    let kept = items;
    for (let size = Math.ceil(kept.length / 2); size >= 1 && calls < patience; ) {
      const candidates = chunks(kept, size).map((chunk) => kept.filter((item) => !chunk.includes(item)));
      const cases = candidates.map(without).map((one, at) => ({ ...one, title: `${at}` }));
      calls += 1;
      const found = await firstBad(cases);
      const next = found === undefined ? undefined : candidates[Number(found.title)];
      if (next === undefined) size = size === 1 ? 0 : Math.ceil(size / 2);
      else kept = next;
      size = Math.min(size, Math.ceil(kept.length / 2));
    }
    return kept;
  };
  let best = finding;
  const sendings = await smaller(
    best.sendings.map((sending) => ({ sending })),
    (some) => ({ ...best, sendings: some.map(({ sending }) => sending) }),
  );
  best = { ...best, sendings: sendings.map(({ sending }) => sending) };
  const rules = await smaller(
    best.tables.flatMap(({ rules: list }) => list),
    (some) => ({ ...best, tables: keeping(best.tables, some) }),
  );
  best = { ...best, tables: keeping(best.tables, rules) };
  const dropping = await smaller(
    best.tables.flatMap((table) => table.dropping.map((chain) => ({ table: table.name, chain }))),
    (some) => ({ ...best, tables: droppingOnly(best.tables, some) }),
  );
  return { ...best, tables: droppingOnly(best.tables, dropping) };
}

function keeping(
  tables: readonly RandomTable[],
  rules: readonly RandomTable['rules'][number][],
): readonly RandomTable[] {
  const kept = new Set(rules);
  return tables.map((table) => ({ ...table, rules: table.rules.filter((rule) => kept.has(rule)) }));
}

function droppingOnly(
  tables: readonly RandomTable[],
  chains: readonly { readonly table: string; readonly chain: string }[],
): readonly RandomTable[] {
  const kept = new Set(chains.map(({ table, chain }) => `${table} ${chain}`));
  return tables.map((table) => ({
    ...table,
    dropping: table.dropping.filter((chain) => kept.has(`${table.name} ${chain}`)),
  }));
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
