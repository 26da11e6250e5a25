import { BpfilterError } from '../../protocol/error.ts';
import { type AddressFamily, families } from '../../protocol/family.ts';
import { ORDER_SLOT } from '../store/epoch.ts';
import { stateName } from '../store/state-names.ts';
import { tableIds } from '../table-id.ts';
import type { Workshop } from './replace.ts';

/** Files that outlive a reset: what drivers hold open, the log, and the shims' sockets. */
const KEPT = /^(lock|epoch|log|resetting|.*\.sock)$/;

/** Counts a change of every table, and of their order. */
function bumpAll(shop: Workshop): void {
  for (const id of tableIds) shop.context.epoch.bump(id.slot);
  shop.context.epoch.bump(ORDER_SLOT);
}

function tablesInKernel({ kernel }: Workshop): readonly (readonly [AddressFamily, readonly string[]])[] {
  return families
    .map((family) => [family, kernel.ownTables(family)] as const)
    .filter(([, tables]) => tables.length > 0);
}

/**
 * Takes all rules out of the kernel in one step, then the state. The file `resetting` says that this
 * has begun: a driver that finds it goes on from wherever another died. When the kernel keeps the
 * rules, the state stays too. Throws `dataplane`.
 */
export function finishReset(shop: Workshop): void {
  const { context, translator } = shop;
  const { files, log } = context;
  try {
    for (const [{ nft }, tables] of tablesInKernel(shop)) {
      const result = context.plane.commit(translator.remove(nft, tables));
      if (result.kind !== 'committed' && tablesInKernel(shop).length > 0) {
        throw new BpfilterError('dataplane', `reset: ${result.reason}`);
      }
    }
  } catch (error) {
    if (error instanceof BpfilterError) files.remove(stateName.resetting);
    throw error;
  }
  for (const name of files.list()) {
    if (!KEPT.test(name)) files.remove(name);
  }
  bumpAll(shop);
  files.remove(stateName.resetting);
  log.info('reset: all tables are as if never touched');
}

/** Takes rules and state of all tables away. */
export function resetAll(shop: Workshop): void {
  bumpAll(shop);
  shop.context.files.replace(stateName.resetting, []);
  finishReset(shop);
}
