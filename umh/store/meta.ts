import { BpfilterError } from '../../protocol/error.ts';

/** Reads the fields of a record's meta; each throws BpfilterError('state') for one that isn't what it should be. */
export interface MetaReader {
  text(name: string): string;
  /** A non-negative integer. */
  count(name: string): number;
  counts(name: string): number[];
  oneOf<const T extends string>(name: string, values: readonly T[]): T;
  /** undefined when the field is absent. */
  optional<T>(name: string, read: (name: string) => T): T | undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A reader over a record's meta, whatever that is. */
export function readMeta(meta: unknown): MetaReader {
  const fields = typeof meta === 'object' && meta !== null ? (meta as Readonly<Record<string, unknown>>) : {};
  const wrong = (name: string, wanted: string): never => {
    throw new BpfilterError('state', `field ${name}: wanted ${wanted}, found ${JSON.stringify(fields[name])}`);
  };
  const reader: MetaReader = {
    text(name) {
      const value = fields[name];
      return typeof value === 'string' ? value : wrong(name, 'a text');
    },
    count(name) {
      const value = fields[name];
      return isCount(value) ? value : wrong(name, 'a count');
    },
    counts(name) {
      const value = fields[name];
      return Array.isArray(value) && value.every(isCount) ? value : wrong(name, 'counts');
    },
    oneOf(name, values) {
      const value = fields[name];
      return values.find((one) => one === value) ?? wrong(name, values.join(' or '));
    },
    optional: (name, read) => (fields[name] === undefined ? undefined : read(name)),
  };
  return reader;
}
