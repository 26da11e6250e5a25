import { BpfilterError } from '../../protocol/error.ts';
import { type BlobView, keptOf } from '../../rules/blob/view.ts';
import { planImage } from '../../rules/bpf/compile.ts';
import { CompiledRules } from '../../rules/bpf/compiled-rules.ts';
import { type DeviceCache, type DeviceClass, deviceClasses } from '../../rules/bpf/device-classes.ts';
import {
  type BpfDocumentOptions,
  bpfDocument,
  type CounterPlace,
  RULES_PER_PROGRAM,
} from '../../rules/bpf/document.ts';
import { tracksConnections } from '../../rules/bpf/machine-conntrack.ts';
import type { HookNumber } from '../../rules/ir.ts';
import { tableContext } from '../../rules/nft/context.ts';
import type { NftCommand } from '../../rules/nft/json.ts';
import { bpfTableNames, isBpfTable } from '../../rules/nft/names.ts';
import { counterPlaces } from '../dataplane/bpf/bpf-plane.ts';
import type { BpfLoader } from '../dataplane/bpf/loader.ts';
import type { DataPlane } from '../dataplane/data-plane.ts';
import type { TableId } from '../table-id.ts';
import { MOST_IDS } from './ids.ts';
import type { InForce, Remains, Translation } from './translator.ts';

/** Tables as programs and their data. What it can't carry it throws `not-expressible` or `loop` for. */
export interface BpfTranslator {
  install(id: TableId, view: BlobView, instance: string): Translation;
  restore(id: TableId, inForce: InForce, instance: string, remains: Remains): Translation;
  /** The next generation, of whatever the present one is made. */
  change(id: TableId, from: InForce, to: BlobView): Translation;
  rulesOf(id: TableId, inForce: InForce): ReadonlyMap<number, number>;
}

/** Room for as many rules again as there are, and some. */
const slotsFor = (ids: number) => Math.max(256, 2 ** Math.ceil(Math.log2(2 * ids)));

interface Numbered {
  readonly ids: Uint32Array;
  /** The first that was new. */
  readonly firstId: number;
  readonly nextId: number;
}

export function createBpfTranslator({
  loader,
  plane,
}: {
  readonly loader: BpfLoader;
  readonly plane: DataPlane;
}): BpfTranslator {
  const caches = new Map<TableId, { readonly rules: CompiledRules; readonly devices: DeviceCache }>();
  const cacheOf = (id: TableId) => {
    const cache = caches.get(id) ?? { rules: new CompiledRules(), devices: new WeakMap() };
    caches.set(id, cache);
    return cache;
  };

  interface Making {
    readonly id: TableId;
    readonly view: BlobView;
    readonly nftTable: string;
    readonly numbered: Numbered;
    readonly counters: (ids: Numbered) => CounterPlace;
    readonly next: { readonly generation: number; readonly instance: string };
    readonly replaces: BpfDocumentOptions['replaces'];
    readonly first?: readonly NftCommand[];
  }
  const make = ({ id, view, nftTable, numbered, counters, next, replaces, first = [] }: Making): Translation => {
    const { ids, nextId } = numbered;
    const context = tableContext(id.name, { family: id.family, nftTable });
    // before anything is made: it may be impossible
    const imageOf = planImage(view, { rules: cacheOf(id).rules });
    const classes = classesOf(view, cacheOf(id).devices);
    const place = counters(numbered);
    const image = imageOf(
      (entry) => (ids[entry] ?? place.firstId) - place.firstId,
      (size) => loader.room(id.key, size),
    );
    const loaded = loader.load(image, place, (hook) => classes.get(hook) ?? []);
    const hooks = loaded.map(({ hook, program, byDevice }) => ({
      number: hook as HookNumber,
      program,
      byDevice: byDevice.map(({ device: { test }, program }) => ({ test, program })),
      policyId: ids[view.chains.find((chain) => chain.hook === hook)?.last ?? 0] ?? 0,
    }));
    const made = bpfDocument({
      context,
      hooks,
      counters: place,
      next,
      tracksConnections: tracksConnections(image.fields),
      countsConnections: image.looks.has('connectionCount'),
      replaces,
    });
    return {
      document: { nftables: [...first, ...made.nftables] },
      inForce: { view, version: next, nftTable, ids, nextId },
    };
  };
  const fresh = ({ firstId, nextId }: Numbered) => loader.createCounters(firstId, slotsFor(nextId - firstId));
  const makeAnew = (id: TableId, view: BlobView, nftTable: string, instance: string): Making => ({
    id,
    view,
    nftTable,
    numbered: numberEntries(id, view, undefined, 1),
    counters: fresh,
    next: { generation: 1, instance },
    replaces: { kind: 'nothing' },
  });

  return {
    install: (id, view, instance) => make(makeAnew(id, view, bpfTableNames(id.name)[0], instance)),
    restore(id, { view, nftTable }, instance, remains) {
      const anew = makeAnew(id, view, nftTable, instance);
      if (remains === 'nothing') return make(anew);
      return make({ ...anew, first: [{ delete: { table: { family: id.family.nft, name: nftTable } } }] });
    },
    change(id, from, to) {
      const { version: last, nftTable } = from;
      const next = { instance: last.instance, generation: last.generation + 1 };
      const [place, ...gone] = isBpfTable(nftTable) ? counterPlaces(plane, id.family.nft, nftTable) : [];
      if (place !== undefined) {
        const kept = numberEntries(id, to, from, from.nextId);
        const same = { id, view: to, nftTable, next, replaces: { kind: 'same', last, gone } } as const;
        if (kept.nextId - place.firstId <= place.slots) return make({ ...same, numbered: kept, counters: () => place });
        // the old counters stay where they are, to be read once more
        return make({ ...same, numbered: numberEntries(id, to, undefined, from.nextId), counters: fresh });
      }
      const [usual, other] = bpfTableNames(id.name);
      return make({
        id,
        view: to,
        nftTable: nftTable === usual ? other : usual,
        numbered: numberEntries(id, to, undefined, from.nextId),
        counters: fresh,
        next,
        replaces: { kind: 'other', last, nftTable },
      });
    },
    rulesOf(id, { view, ids }) {
      const classes = classesOf(view, cacheOf(id).devices);
      const rules = new Map<number, number>();
      for (const { hook, last } of view.chains) {
        if (hook !== undefined) rules.set(ids[last] ?? 0, RULES_PER_PROGRAM * (1 + (classes.get(hook) ?? []).length));
      }
      return rules;
    },
  };
}

function classesOf(view: BlobView, cache: DeviceCache): ReadonlyMap<number, readonly DeviceClass[]> {
  const hooks = view.chains.flatMap(({ hook }) => (hook === undefined ? [] : [hook]));
  return new Map(hooks.map((hook) => [hook, deviceClasses(view, hook, cache)]));
}

/** Gives each entry its id: of an entry that stays the one it has, of the others new ones in order. */
function numberEntries({ key }: TableId, view: BlobView, from: InForce | undefined, firstId: number): Numbered {
  const ids = new Uint32Array(view.offsets.length);
  const kept = from && keptOf(view, from.view);
  let nextId = firstId;
  for (const chain of view.chains) {
    for (let index = chain.first; index <= chain.last; index += 1) {
      const old = kept?.[index] ?? -1;
      const id = old < 0 ? 0 : (from?.ids[old] ?? 0);
      ids[index] = id > 0 ? id : nextId++;
    }
  }
  if (nextId > MOST_IDS)
    throw new BpfilterError('too-large', `table ${key}: no rule ids are left; "bpfilter reset" begins anew`);
  return { ids, firstId, nextId };
}
