import type { TableContext } from './context.ts';
import type { NftCommand } from './json.ts';
import { hookChainName, isBpfTable } from './names.ts';

/**
 * Commands that take a table out of force, whose marker is given, and leave its counters to be read once more. Where
 * they are objects, all rules go; where BPF keeps them, those of the base chains: others hold its program.
 */
export function outOfForce({ family, table }: TableContext, nftTable: string, marker: string): readonly NftCommand[] {
  const chain = (name: string) => ({ chain: { family: family.nft, table: nftTable, name } });
  const flushes: readonly NftCommand[] = isBpfTable(nftTable)
    ? family.tables[table].chains.map(({ name }) => ({ flush: chain(hookChainName(name)) }))
    : [{ flush: { table: { family: family.nft, name: nftTable } } }];
  return [{ delete: chain(marker) }, ...flushes];
}
