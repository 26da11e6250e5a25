import type { BlobView } from '../../rules/blob/view.ts';
import type { NftCommand, NftObject } from '../../rules/nft/json.ts';
import type { TableId } from '../table-id.ts';
import type { InForce, Translation, Translator } from '../tables/translator.ts';

const nftName = (id: TableId) => `fake_${id.name}`;
const markerPattern = /^gen_(\d+)_([0-9a-z]+)$/;

function ruleIndices(view: BlobView): number[] {
  return view.chains.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
}

function marker(id: TableId, { version }: Pick<InForce, 'version'>): NftObject {
  return { chain: { family: 'ip', table: nftName(id), name: `gen_${version.generation}_${version.instance}` } };
}

function rulesOf(id: TableId, inForce: InForce): NftCommand[] {
  const chain = { family: 'ip', table: nftName(id), name: `all_${inForce.version.generation}` } as const;
  return [
    { create: { chain } },
    ...ruleIndices(inForce.view).map(
      (index): NftCommand => ({
        create: {
          rule: { family: 'ip', table: chain.table, chain: chain.name, expr: [{ counter: `r${inForce.ids[index]}` }] },
        },
      }),
    ),
  ];
}

function counterOf(id: TableId, ruleId: number): NftObject {
  return { counter: { family: 'ip', table: nftName(id), name: `r${ruleId}` } };
}

function numbered(
  id: TableId,
  view: BlobView,
  version: InForce['version'],
  nextId: number,
  known: Map<string, number[]>,
): InForce {
  const ids = new Uint32Array(view.offsets.length);
  let next = nextId;
  for (const index of ruleIndices(view)) {
    const old = known.get(view.key(index))?.shift();
    ids[index] = old ?? next++;
  }
  return { view, version, nftTable: nftName(id), ids, nextId: next };
}

function install(id: TableId, view: BlobView, instance: string): Translation {
  const inForce = numbered(id, view, { instance, generation: 1 }, 1, new Map());
  const fresh = ruleIndices(view).map((index) => ({ create: counterOf(id, inForce.ids[index] ?? 0) }));
  const table = { table: { family: 'ip', name: nftName(id) } } as const;
  return {
    document: { nftables: [{ create: table }, { create: marker(id, inForce) }, ...fresh, ...rulesOf(id, inForce)] },
    inForce,
  };
}

/** The smallest translation there is: every rule counts in its own counter, all in one chain. */
export const fakeTranslator: Translator = {
  nftNames: (id) => ({ own: [nftName(id)], shared: [] }),
  install,
  restore(id, { view }, instance, remains): Translation {
    const { document, inForce } = install(id, view, instance);
    const gone: NftCommand[] =
      remains === 'nothing' ? [] : [{ delete: { table: { family: 'ip', name: nftName(id) } } }];
    return { document: { nftables: [...gone, ...document.nftables] }, inForce };
  },
  anew: () => {
    throw new TypeError('nothing is too large for the fake');
  },
  carrierOf: () => ({ name: 'nft', reason: 'it is all there is' }),
  rulesOf: (_id, { view, ids }) => new Map(ruleIndices(view).map((index) => [ids[index] ?? 0, 1])),
  change(id, { from, to, garbage }): Translation {
    const known = new Map<string, number[]>();
    for (const index of ruleIndices(from.view)) {
      const key = from.view.key(index);
      known.set(key, [...(known.get(key) ?? []), from.ids[index] ?? 0]);
    }
    const version = { ...from.version, generation: from.version.generation + 1 };
    const inForce = numbered(id, to, version, from.nextId, known);
    const isFresh = (index: number) => (inForce.ids[index] ?? 0) >= from.nextId;
    const oldChain = { chain: { family: 'ip', table: nftName(id), name: `all_${from.version.generation}` } } as const;
    const commands: NftCommand[] = [
      { delete: marker(id, from) },
      { create: marker(id, inForce) },
      ...garbage.map((one) => ({ delete: counterOf(id, one) })),
      ...ruleIndices(to)
        .filter(isFresh)
        .map((index) => ({ create: counterOf(id, inForce.ids[index] ?? 0) })),
      { delete: oldChain },
      ...rulesOf(id, inForce),
    ];
    return { document: { nftables: commands }, inForce };
  },
  tookEffect: () => {},
  handlesOf: () => undefined,
  remove: (family, names) => ({ nftables: names.map((name) => ({ delete: { table: { family, name } } })) }),
  versionIn(id, chains) {
    const own = chains.filter(({ table }) => table === nftName(id));
    if (own.length === 0) return { kind: 'none' };
    const [, generation, instance] = own.map(({ name }) => markerPattern.exec(name)).find((m) => m !== null) ?? [];
    if (generation === undefined || instance === undefined) return { kind: 'foreign' };
    return { kind: 'ours', nftTable: nftName(id), version: { generation: Number(generation), instance } };
  },
};
