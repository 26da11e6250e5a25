import { BpfilterError } from '../../protocol/error.ts';
import type { AddressFamily } from '../../protocol/family.ts';
import { littleEndian } from '../../protocol/field.ts';
import { parseReplaceHeader } from '../../rules/blob/parse.ts';
import { validateReplace } from '../../rules/blob/validate.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import * as registry from '../../rules/registry.ts';
import { requestId } from '../store/request-id.ts';
import { findTable } from '../table-id.ts';
import { entryCount } from '../tables/live-table.ts';
import { readCaller, type ServeOption, type Service } from './request.ts';
import { withRuleText } from './rule-in-error.ts';
import { tableNamed } from './table-name.ts';

/** Sets every entry's comefrom to the hooks that reach it: what the kernel keeps there, and shows. */
function noteHooks(view: BlobView): void {
  const { entries, offsets, hooks, layout } = view;
  const bytes = new DataView(entries.buffer, entries.byteOffset, entries.length);
  for (let i = 0; i < offsets.length; i++) {
    bytes.setUint32((offsets[i] ?? 0) + layout.comefrom, hooks[i] ?? 0, littleEndian);
  }
}

/** Gives the old counters to the caller. The call has succeeded whether it can take them or not, as in the kernel. */
function copyBack(service: Service, address: bigint, counters: Uint8Array): void {
  try {
    service.memory().write(Number(address), counters);
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    service.context.log.info(`old counters can't be given to the caller: ${error.message}`);
  }
}

/** SET_REPLACE (do_replace, net/ipv4/netfilter/ip_tables.c): another table in the place of the present one. */
export function setReplace(family: AddressFamily): ServeOption {
  const struct = family.replace;
  return (service, request) => {
    const { keeper, order, replay } = service;
    const head = readCaller(service, request.address, Math.min(request.length, struct.size));
    const header = parseReplaceHeader(head, request.length);
    const entries = readCaller(service, request.address + struct.size, header.size);
    const id = requestId(request.message, service.memory().sequence, head, entries);
    const done = request.replay ? replay.find(id) : undefined;
    if (done !== undefined) {
      copyBack(service, header.counters, done.counters);
      return 0;
    }
    const previous = (name: string) => {
      const found = findTable(family, name);
      return found && keeper.remembered(found)?.view;
    };
    const view = validateReplace({ ...header, entries }, { registry, previous });
    const table = tableNamed(family, head);
    order.mark(table);
    const present = entryCount(keeper.get(table).view);
    if (header.numCounters !== present) {
      throw new BpfilterError(
        'stale',
        `table ${table.key}: room for ${header.numCounters} counters, it has ${present}`,
      );
    }
    noteHooks(view);
    let old: BigUint64Array;
    try {
      old = keeper.replace(table, view, id);
    } catch (error) {
      throw withRuleText(view, error);
    }
    copyBack(service, header.counters, new Uint8Array(old.buffer, old.byteOffset, old.byteLength));
    return 0;
  };
}
