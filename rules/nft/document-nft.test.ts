import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nftMissing } from '../testing/nft-load.ts';
import { countersById } from './counters.ts';
import { diffTable } from './diff.ts';
import { documentFor, type TableDocument } from './document.ts';
import { generationOf, handlesById } from './listing.ts';
import type { TableSource } from './source.ts';
import { arbitraryTable, shapes } from './testing/arbitrary-tables.ts';
import { type Namespace, openNamespace } from './testing/namespace.ts';
import { device, extension, rule } from './testing/rules.ts';
import { tableOf } from './testing/table.ts';

describe.skipIf(nftMissing)(`documents, as nft takes them (${nftMissing ?? 'here'})`, () => {
  let namespace: Namespace;
  beforeAll(async () => {
    namespace = await openNamespace();
  });
  afterAll(() => namespace.close());

  const inTable = ['table', 'ip', 'bpfilter_filter'];
  const listing = () => namespace.nft(['-j', 'list', ...inTable]);

  function step(old: TableDocument | undefined, next: TableSource): TableDocument {
    const handles = old === undefined ? new Map() : handlesById(listing());
    const result = documentFor(diffTable(old?.installed, next, { instance: 'x' }), (id) => handles.get(id) ?? [], {
      garbage: (old?.removedIds ?? []).map((id) => `r${id}`),
    });
    namespace.load(result.document);
    return result;
  }

  /** Chains with their rules as nft prints them; ids become places in the blob, handles go. */
  function listed({ ids }: TableDocument): Readonly<Record<string, readonly string[]>> {
    const indexOf = new Map([...ids].map((id, index) => [String(id), index]));
    const renamed = (text: string) =>
      text.replace(
        /\b(guard of r|guard_r|r|l)(\d+)(?=_then|_2|\b)/g,
        (_, prefix: string, id: string) => `${prefix}@${indexOf.get(id)}`,
      );
    const found: Record<string, string[]> = {};
    const { nftables } = JSON.parse(listing()) as {
      nftables: Record<string, { name: string; chain: string; expr: unknown; comment?: string }>[];
    };
    for (const { chain, rule: one } of nftables) {
      if (chain && !chain.name.startsWith('gen_')) found[renamed(chain.name)] = [];
      if (one) found[renamed(one.chain)]?.push(renamed(JSON.stringify([one.comment, one.expr])));
    }
    return found;
  }

  it('makes the same of a table step by step as at once', () => {
    fc.assert(
      fc.property(fc.array(arbitraryTable, { minLength: 3, maxLength: 3 }), (steps) => {
        let last: TableDocument | undefined;
        for (const next of steps) last = step(last, next);
        if (last === undefined) return;
        const changed = listed(last);
        expect(generationOf(listing())).toEqual({ generation: steps.length, instance: 'x' });
        const counters = countersById(namespace.nft(['-j', 'list', 'counters', ...inTable]));
        for (const id of [...last.ids, ...last.removedIds]) expect(id === 0 || counters.has(id)).toBe(true);
        namespace.nft(['delete', ...inTable]);
        expect(changed).toEqual(listed(step(undefined, steps.at(-1) ?? tableOf({}))));
        namespace.nft(['delete', ...inTable]);
      }),
      { numRuns: 8 },
    );
  });

  it('refuses a stale document whole', () => {
    const { installed } = step(undefined, tableOf({}));
    const change = documentFor(diffTable(installed, tableOf({ A: [] }), { instance: 'x' }), () => []).document;
    namespace.load(change);
    const before = listing();
    expect(() => namespace.load(change)).toThrow('nft ended with 1');
    expect(listing()).toEqual(before);
    namespace.nft(['delete', ...inTable]);
  });

  it.each(['filter', 'nat', 'mangle', 'raw', 'security'] as const)('loads an empty table %s', (table) => {
    namespace.load(documentFor(diffTable(undefined, tableOf({}, { table }), { instance: 'x' }), () => []).document);
    namespace.nft(['delete', 'table', 'ip', `bpfilter_${table}`]);
  });

  it('loads every header and target', () => {
    const odd = [
      'lo',
      'eth+',
      '+',
      'a*',
      '*',
      '15-characters-xx',
      'averylongname15',
      'averylongname15+',
      'a b',
      '"',
      '$x',
      'tab\t',
      'gr\u00c3\u00b6n',
      '',
    ];
    const headers = odd.flatMap((name) =>
      [0, 1, 2, 3].map((inverted) => ({
        inInterface: device(name.slice(0, 16)),
        outInterface: device('lo'),
        inverted,
      })),
    );
    const addresses = [0xffffffff, 0xffff0000, 0xff00ff00, 1, 0].flatMap((mask) =>
      [0, 0x18].map((inverted) => ({
        source: 0x0a000001 & mask,
        sourceMask: mask,
        destination: 0x7f000001 & mask,
        destinationMask: mask,
        inverted,
      })),
    );
    const others = [0, 1, 255, 256].flatMap((protocol) =>
      [0, 0x40, 0x20, 0x7f].map((inverted) => ({ protocol, inverted, flags: inverted === 0x7f ? 1 : 0 })),
    );
    const targets = [
      extension('REJECT', 0, { with: 3 }),
      extension('MARK', 2, { mark: 1, mask: 0xff }),
      { kind: 'continue' },
      { kind: 'jump', chain: 'a chain: (odd)' },
      { kind: 'goto', chain: 'accept' },
    ] as const;
    const rules = [...headers, ...addresses, ...others].map((header, at) =>
      rule({ header, target: targets[at % targets.length] ?? { kind: 'accept' } }),
    );
    step(undefined, tableOf({ INPUT: [...rules, ...shapes], 'a chain: (odd)': [], accept: [], '123': [], INPUTS: [] }));
    namespace.nft(['delete', ...inTable]);
  });
});
