import { ipv4 } from '../../protocol/family.ts';
import type { TableName } from '../../rules/ir.ts';
import { kernelClient } from '../text-native/kernel-client.ts';

/** `packets:bytes` of every entry of a table's blob as GET_ENTRIES gives it, in order. */
export function tableCounters(name: TableName): readonly string[] {
  const client = kernelClient();
  const entries = client.getEntries(name, client.getInfo(name).size);
  const found: string[] = [];
  for (let at = 0; at < entries.length; ) {
    const { counters, next_offset } = ipv4.entry.read(entries, at);
    found.push(`${counters.pcnt}:${counters.bcnt}`);
    at += next_offset;
  }
  return found;
}
