import { littleEndian } from '../../protocol/field.ts';
import type { BuiltinChain, Rule, TableName } from '../ir.ts';
import { anyHeader, encodeTable } from './encode.ts';
import { type BlobLayout, ipv4Layout } from './layout.ts';
import { type BlobView, viewTable } from './view.ts';

/**
 * The entries of a fresh table, as the kernel makes them (ipt_alloc_initial_table,
 * net/ipv4/netfilter/ip_tables.c) and shows them: every policy ACCEPT, `comefrom` the hook.
 */
export function emptyTable(table: TableName, layout: BlobLayout = ipv4Layout): Uint8Array {
  return emptyView(table, layout).entries;
}

/** The same as a view, which also says where the hooks are. */
export function emptyView(table: TableName, layout: BlobLayout = ipv4Layout): BlobView {
  const chains = layout.family.tables[table].chains.map(({ name, hook }, index): BuiltinChain => {
    return { kind: 'builtin', name, hook, rules: [], policy: acceptAll(index, layout) };
  });
  const encoded = encodeTable({ name: table, chains }, layout);
  const view = viewTable(table, encoded.entries, encoded, { layout });
  const bytes = new DataView(encoded.entries.buffer);
  for (const [index, at] of view.offsets.entries())
    bytes.setUint32(at + layout.comefrom, view.hooks[index] ?? 0, littleEndian);
  return view;
}

function acceptAll(index: number, layout: BlobLayout): Rule {
  return {
    index,
    header: anyHeader(layout),
    matches: [],
    target: { kind: 'accept' },
    counters: { packets: 0n, bytes: 0n },
  };
}
