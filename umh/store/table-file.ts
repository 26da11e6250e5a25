import { BpfilterError } from '../../protocol/error.ts';
import type { PerHook } from '../../rules/blob/per-hook.ts';
import type { HookPoints } from '../../rules/blob/view.ts';
import { type MetaReader, readMeta } from './meta.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import type { RequestId } from './request-id.ts';

/** Which state of a table in nftables: what the name of its marker chain says. */
export interface Version {
  readonly instance: string;
  readonly generation: number;
}

/** Who asked for a prepared table. */
export interface Asker {
  readonly client: string;
  readonly request: RequestId;
}

/** TABLE.table and TABLE.next: a table that is in force, or is about to be. */
export interface StoredTable extends Version, HookPoints {
  readonly key: string;
  /** The table of nftables that it stands in. */
  readonly nftTable: string;
  /** The first rule id that was never used in this instance. */
  readonly nextId: number;
  /** The caller's bytes, without counters of any meaning. */
  readonly entries: Uint8Array;
  /** The rule id of each entry; 0 for none. */
  readonly ids: Uint32Array;
  /** Who waits for an answer; absent when the driver itself put lost rules back. */
  readonly asker?: Asker | undefined;
}

/** Whether both are the same version, or both are none. */
export function sameVersion(one: Version | undefined, other: Version | undefined): boolean {
  return one?.instance === other?.instance && one?.generation === other?.generation;
}

/** A table as parts to write; `entries` isn't copied. */
export function encodeTable(table: StoredTable): Uint8Array[] {
  const { key, instance, generation, nftTable, nextId, entries, ids, asker } = table;
  const idBytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  const meta = {
    table: key,
    instance,
    generation,
    nftTable,
    nextId,
    hookEntry: table.hookEntry,
    underflow: table.underflow,
    entries: ids.length,
    client: asker?.client,
    words: asker?.request.words,
    payload: asker?.request.payload,
  };
  return encodeRecord('table', meta, [entries, idBytes]);
}

function readPerHook(read: MetaReader, name: string): PerHook {
  const [a, b, c, d, e, ...rest] = read.counts(name);
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || rest.length > 0) {
    throw new BpfilterError('state', `field ${name}: wanted one number a hook`);
  }
  return [a, b, c, d, e];
}

/** Reads it back; `entries` aliases `bytes`. Throws BpfilterError('state') for what can't be believed. */
export function decodeTable(key: string, bytes: Uint8Array): StoredTable {
  const { meta, body } = decodeRecord('table', bytes);
  const read = readMeta(meta);
  if (read.text('table') !== key) throw new BpfilterError('state', `holds table ${read.text('table')}`);
  const count = read.count('entries');
  const split = body.length - 4 * count;
  if (split < 0) throw new BpfilterError('state', `${body.length} bytes can't hold ${count} ids`);
  const client = read.optional('client', read.text);
  return {
    key,
    instance: read.text('instance'),
    generation: read.count('generation'),
    nftTable: read.text('nftTable'),
    nextId: read.count('nextId'),
    hookEntry: readPerHook(read, 'hookEntry'),
    underflow: readPerHook(read, 'underflow'),
    entries: body.subarray(0, split),
    ids: new Uint32Array(Uint8Array.from(body.subarray(split)).buffer),
    asker:
      client === undefined
        ? undefined
        : { client, request: { words: read.text('words'), payload: read.count('payload') } },
  };
}
