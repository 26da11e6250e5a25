import { BpfilterError } from '../../protocol/error.ts';
import type { AddressFamily } from '../../protocol/family.ts';
import { patchCounters } from '../tables/counter-book.ts';
import { readCaller, type ServeOption, wantLength } from './request.ts';
import { tableNamed } from './table-name.ts';

/** GET_ENTRIES (get_entries, net/ipv4/netfilter/ip_tables.c): a table's entries with their counters of now. */
export function getEntries(family: AddressFamily): ServeOption {
  const struct = family.getEntries;
  return (service, request) => {
    wantLength('GET_ENTRIES', request.length >= struct.size, request, `at least ${struct.size}`);
    const head = readCaller(service, request.address, struct.size);
    const { size } = struct.read(head);
    wantLength('GET_ENTRIES', request.length === struct.size + size, request, `${struct.size} + ${size}`);
    const id = tableNamed(family, head);
    service.order.mark(id);
    const now = service.keeper.get(id).view.entries.length;
    if (size !== now) throw new BpfilterError('stale', `table ${id.key}: ${size} bytes asked for, it has ${now}`);
    const { live, counters } = service.keeper.counters(id);
    const { entries, offsets, layout } = live.view;
    service.memory().write(request.address + struct.size, patchCounters(entries, offsets, layout.counters, counters));
    return 0;
  };
}
