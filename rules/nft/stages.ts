import type { NftCommand, NftDocument } from './json.ts';
import { STAGE_MARKER } from './names.ts';

/** The making of a whole table in several transactions, of which only the last one changes what happens to packets. */
export interface Stages {
  /** Build what no hook leads to yet, in order. They may be cut up further. */
  readonly inert: readonly NftCommand[];
  /** Puts it in force, in the place of what was. */
  readonly last: NftDocument;
  /** Takes away what a broken-off attempt has left; refused, and nothing done, where there is nothing of it. */
  readonly remove: NftDocument;
}

/** Where a table is made anew. */
interface Place {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
}

/**
 * Cuts a document that makes a whole table (nothing in it changes what was there before but by taking it out of
 * force). A chain of its own marks the table as one that is being made.
 */
export function inStages({ nftables }: NftDocument, { family, table }: Place): Stages {
  const own = { table: { family, name: table } };
  const stage = { chain: { family, table, name: STAGE_MARKER } };
  const building = nftables.filter((command) => isInert(command, table));
  const rest = nftables.filter((command) => !building.includes(command) && !isAbout(command, table));
  return {
    inert: [{ create: own }, { add: stage }, ...building],
    last: { nftables: [{ delete: stage }, ...rest] },
    remove: { nftables: [{ delete: stage }, { delete: own }] },
  };
}

/** Objects, chains without a hook, and their rules. */
function isInert(command: NftCommand, table: string): boolean {
  if (!('add' in command)) return false;
  const { add } = command;
  if ('table' in add) return false;
  if ('chain' in add) return add.chain.table === table && add.chain.hook === undefined && !isMarker(add.chain.name);
  if ('rule' in add) return !add.rule.chain.startsWith('hook_');
  return true;
}

/** Makes or clears the table itself. */
function isAbout(command: NftCommand, table: string): boolean {
  return Object.values(command).some((object) => 'table' in object && object.table.name === table);
}

function isMarker(name: string): boolean {
  return name.startsWith('gen_');
}
