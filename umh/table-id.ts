import { type AddressFamily, families, type TableName, tableNames } from '../protocol/family.ts';

/** One of the tables there are: all of them exist from the start. */
export interface TableId {
  readonly family: AddressFamily;
  readonly name: TableName;
  /** Its counter in the epoch file. */
  readonly slot: number;
  /** What its state files begin with, and its name in logs. */
  readonly key: string;
}

/** Every table of every family, in slot order. The first family's go by their bare names. */
export const tableIds: readonly TableId[] = families.flatMap((family, index) =>
  tableNames.map((name, at) => ({
    family,
    name,
    slot: index * tableNames.length + at,
    key: index === 0 ? name : `${family.name}-${name}`,
  })),
);

/** The table of that name; undefined when there is none. */
export function findTable(family: AddressFamily, name: string): TableId | undefined {
  return tableIds.find((id) => id.name === name && id.family === family);
}
