import type { TableContext } from './context.ts';
import type { NftCommand } from './json.ts';
import { hookChainName, isBpfTable } from './names.ts';

/**
 * Whether a table goes on filtering for a moment beside its successor. Base chains of one priority are run latest
 * first: a packet between the two would see neither. Where BPF is one of them, nothing is done twice but counting; what
 * nftables does to packets, it mustn't do twice.
 */
export function overlaps(nftTable: string, successor: string): boolean {
  return nftTable !== successor && (isBpfTable(nftTable) || isBpfTable(successor));
}

/**
 * Commands that stop a table's rules, and leave its counters to be read once more. Where they are objects, all rules
 * go; where BPF keeps them, those of the base chains: others hold its program.
 */
export function stopped({ family, table }: TableContext, nftTable: string): readonly NftCommand[] {
  const at = { family: family.nft, table: nftTable };
  return isBpfTable(nftTable)
    ? family.tables[table].chains.map(({ name }) => ({ flush: { chain: { ...at, name: hookChainName(name) } } }))
    : [{ flush: { table: { family: family.nft, name: nftTable } } }];
}

/** Commands that take a table, whose marker is given, out of force, or begin to: see `overlaps`. */
export function outOfForce(context: TableContext, nftTable: string, marker: string): readonly NftCommand[] {
  const gone = { delete: { chain: { family: context.family.nft, table: nftTable, name: marker } } };
  return overlaps(nftTable, context.nftTable) ? [gone] : [gone, ...stopped(context, nftTable)];
}
