import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import { inStages, type Stages } from '../../rules/nft/stages.ts';
import type { DriverContext } from '../context.ts';
import type { CommitResult } from '../dataplane/data-plane.ts';
import type { Asker, StoredTable } from '../store/table-file.ts';
import { sameVersion } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';
import { freshBook } from './counter-book.ts';
import { forgetHandles, noteHandles, recallHandles } from './handle-store.ts';
import type { Kernel } from './kernel.ts';
import { entryCount, type LiveTable } from './live-table.ts';
import { Misbelief, Overtaken, TooLarge } from './misbelief.ts';
import { abandon, finish, predecessorOf, prepare } from './prepared.ts';
import type { InForce, Remains, Translation, Translator } from './translator.ts';

/** Commands of one transaction, where a table is made in several; halved while they are too large. */
const LARGEST_STAGE = 1 << 14;

/** What the steps of a change need. */
export interface Workshop {
  readonly context: DriverContext;
  readonly translator: Translator;
  readonly kernel: Kernel;
}

function stored(id: TableId, inForce: InForce, asker: Asker | undefined): StoredTable {
  const { view, version, nftTable, ids, nextId } = inForce;
  const { entries, hookEntry, underflow } = view;
  return { key: id.key, ...version, nftTable, nextId, entries, hookEntry, underflow, ids, asker };
}

/**
 * Puts a prepared document in force. When the kernel didn't take it, nothing is left of it. Throws
 * Misbelief when another try may succeed; `timeout` when nft took too long: for that a second time
 * the caller's own deadline leaves no room.
 */
function commit(
  shop: Workshop,
  live: LiveTable,
  next: StoredTable,
  { translation, generation, isLast = false }: Enacting,
): void {
  const { context, kernel, translator } = shop;
  const { id } = live;
  let result: CommitResult;
  try {
    result = context.plane.commit(translation.document, generation);
  } catch (error) {
    // Not even sent.
    abandon(context, id, next);
    throw error;
  }
  if (result.kind === 'committed') {
    translator.tookEffect(translation, isLast ? undefined : result.handles);
    return;
  }
  if (result.kind === 'overtaken') {
    abandon(context, id, next);
    throw new Overtaken(new BpfilterError('dataplane', `table ${id.key}: ${result.reason}`));
  }
  if (result.kind === 'refused' && result.errno === errno.EMSGSIZE) {
    abandon(context, id, next);
    throw new TooLarge(new BpfilterError('dataplane', `table ${id.key}: ${result.reason}`, { errno: result.errno }));
  }
  const found = kernel.version(id);
  if (found.kind === 'ours' && sameVersion(found.version, next)) {
    context.log.warning(`table ${id.key}: ${result.reason}; the kernel has taken the rules all the same`);
    translator.tookEffect(translation, undefined);
    return;
  }
  abandon(context, id, next);
  if (live.inForce !== undefined) forgetHandles(context, id);
  // a driver that died while it made the table in several steps may have left it in the way
  else context.plane.commit(stagesOf(id, translation).remove);
  const message = `table ${id.key}: ${result.reason}`;
  if (result.kind === 'unknown' && result.tookTooLong) throw new BpfilterError('timeout', message);
  const code = result.kind === 'refused' ? result.errno : undefined;
  throw new Misbelief(new BpfilterError('dataplane', message, { errno: code }));
}

/** A table in the place of another, as one transaction. */
export interface Replaced {
  readonly live: LiveTable;
  /** The old table's counters, entry by entry. */
  readonly oldCounters: BigUint64Array;
}

/** A document to be put in force, and for whom. */
interface Enacting {
  readonly translation: Translation;
  readonly asker: Asker | undefined;
  /** Of the namespace's rules, when it was last seen that ours are whole. */
  readonly generation?: number | undefined;
  /** It is the last of several: others gave rules their handles. */
  readonly isLast?: boolean;
  /** The same as the making of a whole table, where one transaction is too large for the kernel's socket. */
  readonly whole?: () => Translation;
}

function enact(shop: Workshop, live: LiveTable, enacting: Enacting): Replaced {
  try {
    return enactAtOnce(shop, live, enacting);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    if (enacting.whole === undefined) throw error.reason;
    shop.context.log.info(`${error.reason.message}; making the table in several`);
    const whole = enacting.whole();
    const stages = stagesOf(live.id, whole);
    try {
      build(shop.context, live.id, stages);
      return enactAtOnce(shop, live, {
        asker: enacting.asker,
        translation: { ...whole, document: stages.last },
        isLast: true,
      });
    } catch (error) {
      shop.context.plane.commit(stages.remove);
      throw error;
    }
  }
}

function stagesOf({ family }: TableId, { document, inForce }: Translation): Stages {
  return inStages(document, { family: family.nft, table: inForce.nftTable });
}

/** Builds all of a table that can be built before it comes into force. Throws `dataplane`. */
function build(context: DriverContext, id: TableId, { inert, remove }: Stages): void {
  context.plane.commit(remove);
  let size = LARGEST_STAGE;
  for (let from = 0; from < inert.length; ) {
    const result = context.plane.commit({ nftables: inert.slice(from, from + size) });
    if (result.kind === 'committed') from += size;
    else if (result.kind === 'refused' && result.errno === errno.EMSGSIZE && size > 1) size >>= 1;
    else {
      const code = result.kind === 'refused' ? result.errno : undefined;
      throw new BpfilterError('dataplane', `table ${id.key}: ${result.reason}`, { errno: code });
    }
  }
}

function enactAtOnce(shop: Workshop, live: LiveTable, enacting: Enacting): Replaced {
  const { context, kernel } = shop;
  const { id } = live;
  const { inForce } = enacting.translation;
  const next = stored(id, inForce, enacting.asker);
  prepare(context, live, next);
  commit(shop, live, next, enacting);
  const old = predecessorOf(live);
  const { book, revision, oldCounters, garbage } = finish(context, kernel, id, old, next, true);
  noteHandles(context, id, { from: live.inForce, to: inForce, book: shop.translator.handlesOf(inForce) });
  return { live: { id, view: inForce.view, inForce, book, revision, garbage }, oldCounters };
}

/**
 * Replaces a table. Throws what the translator throws for a table that can't be expressed, `state`
 * when the state can't be written, and Misbelief; in all of these the old table stays. With `generation` Overtaken
 * too: when others have changed rules since they were of that one.
 */
export function replaceTable(
  shop: Workshop,
  live: LiveTable,
  view: BlobView,
  { asker, generation }: { readonly asker: Asker; readonly generation: number | undefined },
): Replaced {
  const { translator, kernel, context } = shop;
  const { id, inForce, garbage } = live;
  const translation =
    inForce === undefined
      ? translator.install(id, view, context.newInstance())
      : translator.change(id, {
          from: inForce,
          to: view,
          garbage,
          handles: () => recallHandles(context, id, inForce) ?? kernel.handles(id, inForce.nftTable),
        });
  checkName(shop, live, translation.inForce);
  const whole = () => (inForce === undefined ? translation : translator.anew(id, inForce, view));
  return enact(shop, live, { translation, asker, generation, whole });
}

/** A table that must have a name which isn't ours alone must not find another under it. Throws `busy`. */
function checkName({ context, translator }: Workshop, { id, inForce }: LiveTable, { nftTable }: InForce): void {
  if (nftTable === inForce?.nftTable || translator.nftNames(id).own.includes(nftTable)) return;
  if (!context.plane.hasTable(id.family.nft, nftTable)) return;
  const message = `table ${id.key}: one of its rules needs the nft table ${id.family.nft} ${nftTable}, and somebody else has one of that name (iptables-nft?)`;
  throw new BpfilterError('busy', message);
}

/** Puts a table's rules back that somebody else has taken out of the kernel; its counters go on from what was last known. */
export function restoreTable(shop: Workshop, live: LiveTable, remains: Remains): LiveTable {
  const { context, translator } = shop;
  const { id, inForce } = live;
  if (inForce === undefined) return live;
  const what = remains === 'nothing' ? 'its rules are' : 'some of its rules are';
  context.log.warning(
    `table ${id.key}: ${what} gone from the kernel, somebody has taken them away: putting them back (packets counted since the counters were last read are lost)`,
  );
  try {
    const translation = translator.restore(id, inForce, context.newInstance(), remains);
    if (remains === 'nothing') checkName(shop, { ...live, inForce: undefined }, translation.inForce);
    const whole = remains === 'nothing' ? { whole: () => translation } : {};
    return enact(shop, live, { translation, asker: undefined, ...whole }).live;
  } catch (error) {
    throw error instanceof Misbelief ? error.reason : error;
  }
}

/** A table that was never replaced. */
export function untouched(id: TableId, view: BlobView): LiveTable {
  return { id, view, inForce: undefined, book: freshBook(entryCount(view)), revision: 0, garbage: [] };
}
