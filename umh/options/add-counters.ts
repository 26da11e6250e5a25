import { BpfilterError } from '../../protocol/error.ts';
import type { AddressFamily } from '../../protocol/family.ts';
import { xt_counters, xt_counters_info } from '../../protocol/x-tables.ts';
import { requestId } from '../store/request-id.ts';
import { entryCount } from '../tables/live-table.ts';
import { readCaller, type ServeOption, wantLength } from './request.ts';
import { tableNamed } from './table-name.ts';

/** SET_ADD_COUNTERS (xt_copy_counters and do_add_counters in the kernel): adds to every entry's counters. */
export function addCounters(family: AddressFamily): ServeOption {
  const { size } = xt_counters_info;
  return (service, request) => {
    const { keeper, order, replay } = service;
    wantLength('ADD_COUNTERS', request.length > size, request, `more than ${size}`);
    const head = readCaller(service, request.address, size);
    const count = xt_counters_info.read(head).num_counters;
    const wanted = size + count * xt_counters.size;
    wantLength('ADD_COUNTERS', request.length === wanted, request, `${wanted}`);
    const given = readCaller(service, request.address + size, count * xt_counters.size);
    const id = requestId(request.message, service.memory().sequence, head, given);
    if (request.replay && replay.find(id) !== undefined) return 0;
    const table = tableNamed(family, head);
    order.mark(table);
    const present = entryCount(keeper.get(table).view);
    if (count !== present) {
      throw new BpfilterError('malformed', `table ${table.key}: counters of ${count} entries given, it has ${present}`);
    }
    keeper.add(table, new BigUint64Array(given.buffer, given.byteOffset, 2 * count), id);
    return 0;
  };
}
