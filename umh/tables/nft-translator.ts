import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import type { AnalysisCache } from '../../rules/nft/analysis.ts';
import { type DiffOptions, diffTable, needsHandles } from '../../rules/nft/diff.ts';
import { documentFor, type TableDocument } from '../../rules/nft/document.ts';
import { rulesPerEntry } from '../../rules/nft/expected.ts';
import type { InstalledTable } from '../../rules/nft/installed.ts';
import type { NftCommand } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import {
  bpfTableNames,
  counterName,
  hookChainName,
  isBpfTable,
  ownTableNames,
  parseMarker,
  STAGE_MARKER,
} from '../../rules/nft/names.ts';
import { installedFrom } from '../../rules/nft/recover.ts';
import { anyXt, type XtSupport } from '../../rules/nft/xt.ts';
import type { TableId } from '../table-id.ts';
import { HandleBook } from './handle-book.ts';
import { MOST_IDS } from './ids.ts';
import type { ChangeOptions, InForce, KernelVersion, Translation, Translator } from './translator.ts';

function translationOf(view: BlobView, { document, installed, ids }: TableDocument): Translation {
  const { instance, generation, nextId, nftTable } = installed;
  if (nextId > MOST_IDS)
    throw new BpfilterError('too-large', `table ${installed.name}: no rule ids are left; "bpfilter reset" begins anew`);
  return {
    document,
    inForce: { view, version: { instance, generation }, nftTable, ids: new Uint32Array(ids), nextId },
  };
}

function versionIn(id: TableId, listed: readonly ListedChain[]): KernelVersion {
  const { own, shared } = nftNames(id);
  const unfinished = new Set(listed.flatMap(({ table, name }) => (name === STAGE_MARKER ? [table] : [])));
  const isCandidate = (table: string) => own.includes(table) || shared.includes(table);
  const chains = listed.filter(({ table }) => isCandidate(table) && !unfinished.has(table));
  const [found, ...more] = chains.flatMap(({ table, name }) => {
    const version = parseMarker(name);
    return version === undefined ? [] : [{ version, nftTable: table }];
  });
  if (more.length > 0) return { kind: 'foreign' };
  if (found !== undefined) return { kind: 'ours', ...found };
  if (chains.some(({ table }) => own.includes(table))) return { kind: 'foreign' };
  const rest = shared.find((name) => hasAllHooks(id, name, chains));
  return rest === undefined ? { kind: 'none' } : { kind: 'rest', nftTable: rest };
}

/** Whether all our base chains are there: they are what stays of a table after `iptables-nft -F` and `-X`. */
function hasAllHooks({ name, family }: TableId, nftTable: string, listed: readonly ListedChain[]): boolean {
  const present = new Set(listed.flatMap((chain) => (chain.table === nftTable ? [chain.name] : [])));
  return family.tables[name].chains.every((chain) => present.has(hookChainName(chain.name)));
}

/** The kernel's own extensions may want the shared one (rules/nft/xt.ts). */
function nftNames({ name }: TableId): ReturnType<Translator['nftNames']> {
  return { own: [...ownTableNames(name), ...bpfTableNames(name)], shared: [name] };
}

/** A table that BPF carries, to be left: nothing of it is of use to nft. */
function heldByBpf({ name }: TableId, { nftTable, version, nextId }: InForce): InstalledTable {
  return { name, nftTable, ...version, nextId, chains: [], isWrittenOut: false, guards: [] };
}

/**
 * The translation to nftables of rules/nft. What it has found out about rules and nft's rule handles is
 * kept with the tables it gave out, and goes with them: a table loaded from disk starts afresh.
 */
export function createNftTranslator({ xt }: { readonly xt: XtSupport }): Translator {
  const installedTables = new WeakMap<InForce, InstalledTable>();
  const booksOf = new WeakMap<InForce, HandleBook>();
  const removedBy = new WeakMap<Translation, readonly number[]>();
  const caches = new Map<TableId, AnalysisCache>();

  const cacheOf = (id: TableId) => {
    const cache = caches.get(id) ?? new Map();
    caches.set(id, cache);
    return cache;
  };
  const optionsOf = (id: TableId) => ({ family: id.family, cache: cacheOf(id), xt });
  /** What is in force was found to be possible, whatever is allowed by now. */
  const optionsInForce = (id: TableId, { nftTable }: InForce) => ({ ...optionsOf(id), xt: anyXt, nftTable });
  const installedOf = (id: TableId, inForce: InForce) => {
    const { view, ids, version, nextId } = inForce;
    const options = optionsInForce(id, inForce);
    if (isBpfTable(inForce.nftTable)) return heldByBpf(id, inForce);
    const installed = installedTables.get(inForce) ?? installedFrom(view, ids, { ...version, nextId }, options);
    installedTables.set(inForce, installed);
    return installed;
  };
  const keep = (view: BlobView, made: TableDocument, book: HandleBook): Translation => {
    const translation = translationOf(view, made);
    installedTables.set(translation.inForce, made.installed);
    booksOf.set(translation.inForce, book);
    removedBy.set(translation, made.removedIds);
    return translation;
  };

  const install = (view: BlobView, options: DiffOptions, first: readonly NftCommand[]) => {
    const diff = diffTable(undefined, view, options);
    const made = documentFor(diff, () => []);
    const document = { nftables: [...first, ...made.document.nftables] };
    return keep(view, { ...made, document }, new HandleBook(0));
  };

  return {
    nftNames,
    install: (id, view, instance) => install(view, { ...optionsOf(id), instance }, []),
    restore(id, inForce, instance, remains) {
      const table = { family: id.family.nft, name: inForce.nftTable };
      const gone: readonly NftCommand[] = remains === 'nothing' ? [] : [{ delete: { table } }];
      return install(inForce.view, { ...optionsInForce(id, inForce), instance }, gone);
    },
    rulesOf(id, inForce) {
      const { view, ids } = inForce;
      const counts = rulesPerEntry(view, optionsInForce(id, inForce));
      return new Map([...ids].flatMap((one, place) => (one === 0 ? [] : [[one, counts[place] ?? 0]])));
    },
    change(id, { from, to, garbage, handles: list }: ChangeOptions) {
      const diff = diffTable(installedOf(id, from), to, { ...optionsOf(id), instance: from.version.instance });
      const known = booksOf.get(from) ?? new HandleBook(from.nextId);
      const book = needsHandles(diff).every((one) => known.knows(one)) ? known : new HandleBook(0, list());
      booksOf.set(from, book);
      const document = documentFor(diff, (one) => book.of(one), { garbage: garbage.map(counterName) });
      return keep(to, document, diff.moved === undefined ? book : new HandleBook(0));
    },
    anew(id, from, to) {
      const options = { ...optionsOf(id), instance: from.version.instance, anew: true };
      return keep(
        to,
        documentFor(diffTable(installedOf(id, from), to, options), () => []),
        new HandleBook(0),
      );
    },
    tookEffect(translation, handles) {
      const { inForce } = translation;
      booksOf.get(inForce)?.follow(handles, removedBy.get(translation) ?? [], inForce.nextId);
    },
    handlesOf: (inForce) => booksOf.get(inForce),
    carrierOf: () => ({ name: 'nft', reason: 'asked for' }),
    remove: (family, nftTables) => ({ nftables: nftTables.map((name) => ({ delete: { table: { family, name } } })) }),
    versionIn,
  };
}
