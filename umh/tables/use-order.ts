import { BpfilterError } from '../../protocol/error.ts';
import type { DriverContext } from '../context.ts';
import { readBelieved } from '../store/believe.ts';
import { ORDER_SLOT } from '../store/epoch.ts';
import { decodeOrder, encodeOrder } from '../store/order-file.ts';
import { stateName } from '../store/state-names.ts';
import { type TableId, tableIds } from '../table-id.ts';

/** In which order tables came to life: at their first use, whatever it was. */
export interface UseOrder {
  /** Notes a use; the first one of a table is written down. */
  mark(id: TableId): void;
  /** Tables in use, first used first. */
  used(): readonly TableId[];
}

/** Call both under the state lock, after the epoch was read. */
export function useOrder(context: DriverContext): UseOrder {
  const { files, epoch, log } = context;
  let keys: readonly string[] = [];
  let known: number | undefined;

  /** Without a file that can be believed: the tables that have state, in the order of the list. */
  const read = () => {
    const stored = readBelieved(files, log, stateName.order, decodeOrder);
    return stored ?? tableIds.filter((id) => files.exists(stateName.table(id))).map((id) => id.key);
  };
  const refresh = () => {
    const now = epoch.now[ORDER_SLOT];
    if (known !== undefined && known === now) return;
    keys = read();
    known = now;
  };
  return {
    mark(id) {
      refresh();
      if (keys.includes(id.key)) return;
      keys = [...keys, id.key];
      try {
        known = epoch.bump(ORDER_SLOT);
        files.replace(stateName.order, encodeOrder(keys));
      } catch (error) {
        if (!(error instanceof BpfilterError)) throw error;
        log.error(`can't note the first use of table ${id.key}`, error);
      }
    },
    used() {
      refresh();
      return keys.flatMap((key) => tableIds.find((id) => id.key === key) ?? []);
    },
  };
}
