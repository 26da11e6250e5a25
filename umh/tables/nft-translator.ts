import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import type { AnalysisCache } from '../../rules/nft/analysis.ts';
import { diffTable, needsHandles } from '../../rules/nft/diff.ts';
import { documentFor, type TableDocument } from '../../rules/nft/document.ts';
import { rulesPerEntry } from '../../rules/nft/expected.ts';
import type { InstalledTable } from '../../rules/nft/installed.ts';
import type { NftCommand } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import { counterName, nftTableName, parseMarker } from '../../rules/nft/names.ts';
import { installedFrom } from '../../rules/nft/recover.ts';
import type { TableId } from '../table-id.ts';
import type { ChangeOptions, InForce, KernelVersion, Translation, Translator } from './translator.ts';

type Handles = ReadonlyMap<number, readonly number[]>;

const NO_HANDLES: Handles = new Map();
/** Ids are u32 on disk. */
const MOST_IDS = 2 ** 32 - 1;

function translationOf(view: BlobView, { document, installed, ids }: TableDocument): Translation {
  const { instance, generation, nextId } = installed;
  if (nextId > MOST_IDS)
    throw new BpfilterError('too-large', `table ${installed.name}: no rule ids are left; "bpfilter reset" begins anew`);
  return { document, inForce: { view, version: { instance, generation }, ids: Uint32Array.from(ids), nextId } };
}

function versionIn(id: TableId, listed: readonly ListedChain[]): KernelVersion {
  const table = nftTableName(id.name);
  const chains = listed.filter((chain) => chain.table === table);
  if (chains.length === 0) return { kind: 'none' };
  const [version, ...others] = chains.flatMap(({ name }) => parseMarker(name) ?? []);
  if (version === undefined || others.length > 0) return { kind: 'foreign' };
  return { kind: 'ours', version };
}

/**
 * The translation to nftables of rules/nft. What it has found out about rules and nft's rule handles is
 * kept with the tables it gave out, and goes with them: a table loaded from disk starts afresh.
 */
export function createNftTranslator(): Translator {
  const installedTables = new WeakMap<InForce, InstalledTable>();
  const handlesOf = new WeakMap<InForce, Handles>();
  const caches = new Map<TableId, AnalysisCache>();

  const cacheOf = (id: TableId) => {
    const cache = caches.get(id) ?? new Map();
    caches.set(id, cache);
    return cache;
  };
  const optionsOf = (id: TableId) => ({ family: id.family, cache: cacheOf(id) });
  const installedOf = (id: TableId, inForce: InForce) => {
    const { view, ids, version, nextId } = inForce;
    const installed = installedTables.get(inForce) ?? installedFrom(view, ids, { ...version, nextId }, optionsOf(id));
    installedTables.set(inForce, installed);
    return installed;
  };
  const keep = (view: BlobView, made: TableDocument, handles: Handles): Translation => {
    const translation = translationOf(view, made);
    installedTables.set(translation.inForce, made.installed);
    handlesOf.set(translation.inForce, handles);
    return translation;
  };

  const install = (id: TableId, view: BlobView, instance: string, first: readonly NftCommand[]) => {
    const diff = diffTable(undefined, view, { ...optionsOf(id), instance });
    const made = documentFor(diff, () => []);
    const document = { nftables: [...first, ...made.document.nftables] };
    return keep(view, { ...made, document }, NO_HANDLES);
  };

  return {
    nftName: (id) => nftTableName(id.name),
    install: (id, view, instance) => install(id, view, instance, []),
    reinstall: (id, view, instance) =>
      install(id, view, instance, [{ delete: { table: { family: id.family.nft, name: nftTableName(id.name) } } }]),
    rulesOf(id, { view, ids }) {
      const counts = rulesPerEntry(view, optionsOf(id));
      return new Map([...ids].flatMap((one, place) => (one === 0 ? [] : [[one, counts[place] ?? 0]])));
    },
    change(id, { from, to, garbage, handles: list }: ChangeOptions) {
      const diff = diffTable(installedOf(id, from), to, { ...optionsOf(id), instance: from.version.instance });
      let handles = handlesOf.get(from) ?? NO_HANDLES;
      if (!needsHandles(diff).every((one) => handles.has(one))) handles = list();
      handlesOf.set(from, handles);
      const document = documentFor(diff, (one) => handles.get(one) ?? [], { garbage: garbage.map(counterName) });
      return keep(to, document, handles);
    },
    remove(ids) {
      const tables = ids.map(({ family, name }) => ({ family: family.nft, name: nftTableName(name) }));
      return { nftables: tables.map((table) => ({ delete: { table } })) };
    },
    versionIn,
  };
}
