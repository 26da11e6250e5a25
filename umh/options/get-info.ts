import type { AddressFamily } from '../../protocol/family.ts';
import { XT_TABLE_MAXNAMELEN } from '../../protocol/x-tables.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import { type ServeOption, wantLength } from './request.ts';
import { tableNamed } from './table-name.ts';

const name = new Uint8Array(XT_TABLE_MAXNAMELEN);
const answers = new WeakMap<BlobView, Uint8Array>();

function answerOf(family: AddressFamily, view: BlobView): Uint8Array {
  const known = answers.get(view);
  if (known !== undefined) return known;
  const answer = family.getinfo.write({
    name: view.table,
    valid_hooks: view.validHooks,
    hook_entry: [...view.hookEntry],
    underflow: [...view.underflow],
    num_entries: view.offsets.length,
    size: view.entries.length,
  });
  answers.set(view, answer);
  return answer;
}

/** GET_INFO (get_info, net/ipv4/netfilter/ip_tables.c): hooks and sizes of a table. */
export function getInfo(family: AddressFamily): ServeOption {
  const { size } = family.getinfo;
  return (service, request) => {
    wantLength('GET_INFO', request.length === size, request, `${size}`);
    const memory = service.memory();
    memory.read(request.address, name);
    const id = tableNamed(family, name);
    service.order.mark(id);
    memory.write(request.address, answerOf(family, service.keeper.get(id).view));
    return 0;
  };
}
