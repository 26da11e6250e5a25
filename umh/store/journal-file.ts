import { type StateFiles, TEMPORARY } from './files.ts';
import { readMeta } from './meta.ts';
import { decodeRecord, encodeRecord, recordSize } from './record.ts';
import type { RequestId } from './request-id.ts';
import { stateName } from './state-names.ts';

/**
 * What a driver was doing for its shim, and that it was done. No journal: it wasn't done, or nobody
 * can ask any more (the shim has its answer).
 */
export interface JournalEntry {
  readonly request: RequestId;
  readonly action: 'replace' | 'add';
  readonly table: string;
  /** prepared: begun; what became of it, the state of the table tells. */
  readonly state: 'prepared' | 'done';
  /** The generation or counters revision that the request makes. */
  readonly makes: number;
  /** replace, done: the old counters, 16 bytes an entry. */
  readonly counters: Uint8Array;
}

const META_ROOM = 512;
const NAME = /^journal-([0-9a-f]{1,32})$/;

/** The file name of a client's journal. */
export function journalName(client: string): string {
  return `journal-${client}`;
}

/** The client of a journal's file name; undefined for other files. */
export function clientOfJournal(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

function encode(entry: JournalEntry): Uint8Array[] {
  const { request, action, table, state, makes, counters } = entry;
  return encodeRecord('journal', { ...request, action, table, state, makes }, [counters], META_ROOM);
}

/** Throws BpfilterError('state') for what can't be believed. */
export function decodeJournal(bytes: Uint8Array): JournalEntry {
  const { meta, body } = decodeRecord('journal', bytes);
  const read = readMeta(meta);
  return {
    request: { words: read.text('words'), payload: read.count('payload') },
    action: read.oneOf('action', ['replace', 'add']),
    table: read.text('table'),
    state: read.oneOf('state', ['prepared', 'done']),
    makes: read.count('makes'),
    counters: body,
  };
}

/** Begins a journal, with room for the counters of its end: after the rules are in force nothing may lack space. */
export function beginJournal(files: StateFiles, client: string, entry: JournalEntry, oldEntries: number): void {
  files.replace(journalName(client), encode(entry), recordSize(META_ROOM, 16 * oldEntries));
}

/**
 * Ends a journal that was begun. The counters go first: until the header's one small write, the
 * journal says `prepared`, and nobody looks behind it.
 */
export function endJournal(files: StateFiles, client: string, entry: JournalEntry): void {
  const [header, meta, ...body] = encode(entry);
  if (header === undefined || meta === undefined) return;
  const name = journalName(client);
  files.overwrite(name, header.length + meta.length, body);
  files.overwrite(name, 0, [Buffer.concat([header, meta])]);
}

/**
 * Writes a whole journal, of no counters: into the room that the one before it has left, so that no other is needed.
 * Whoever takes that must hold the state lock.
 */
export function putJournal(files: StateFiles, client: string, entry: JournalEntry): void {
  const name = journalName(client);
  if (!files.exists(stateName.spareJournal)) {
    files.replace(name, encode(entry));
    return;
  }
  // Out of the way first: others leave their room under the same name whenever they have answered.
  const temporary = `${name}${TEMPORARY}`;
  files.rename(stateName.spareJournal, temporary);
  files.overwrite(temporary, 0, encode(entry));
  files.rename(temporary, name);
}

/** Forgets a journal, if there is one, and leaves its room to the next. */
export function dropJournal(files: StateFiles, client: string): void {
  files.setAside(journalName(client), stateName.spareJournal);
}
