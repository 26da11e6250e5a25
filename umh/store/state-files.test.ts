import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { freshBook } from '../tables/counter-book.ts';
import { readBelieved } from './believe.ts';
import { countersFileSize, decodeCounters, encodeCounters } from './counters-file.ts';
import { openEpoch } from './epoch.ts';
import { openStateFiles, type StateFiles } from './files.ts';
import {
  beginJournal,
  clientOfJournal,
  decodeJournal,
  dropJournal,
  endJournal,
  type JournalEntry,
  journalName,
  putJournal,
} from './journal-file.ts';
import { decodeOrder, encodeOrder } from './order-file.ts';
import { requestId, sameRequest } from './request-id.ts';
import { decodeTable, encodeTable, type StoredTable } from './table-file.ts';

let folder: string;
let files: StateFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'umh-files-'));
  files = openStateFiles(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const silent = { info: () => {}, warning: () => {}, error: () => {} };
const table: StoredTable = {
  key: 'filter',
  instance: 'ab12',
  generation: 3,
  nftTable: 'bpfilter_filter',
  nextId: 9,
  hookEntry: [0, 0, 152, 304, 0],
  underflow: [0, 0, 152, 304, 0xffffffff],
  entries: Buffer.from('entries, as many as there are'),
  ids: Uint32Array.of(0, 1, 0xffffffff, 0),
  asker: { client: 'aa', request: { words: '00ff', payload: 5 } },
};
const prepared: Omit<JournalEntry, 'action'> = {
  request: { words: '0102', payload: 3 },
  table: 'filter',
  state: 'prepared',
  makes: 4,
  counters: Buffer.alloc(0),
};
const joined = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

describe('files of the state folder', () => {
  it('are replaced whole, filled up, overwritten, renamed, removed', () => {
    files.replace('a', [Buffer.from('one'), Buffer.from('two')], 10);
    expect(readFileSync(join(folder, 'a'))).toEqual(Buffer.from('onetwo\0\0\0\0'));
    files.overwrite('a', 3, [Buffer.from('T'), Buffer.from('W')]);
    files.rename('a', 'b');
    expect(Buffer.from(files.read('b') ?? []).toString()).toBe('oneTWo\0\0\0\0');
    files.remove('b');
    files.remove('b');
    expect(files.read('b')).toBeUndefined();
    expect(files.list()).toEqual([]);
  });

  it('are made longer, change places, and are set aside where they are', () => {
    const read = (name: string) => Buffer.from(files.read(name) ?? []).toString();
    files.replace('a', [Buffer.from('a')]);
    files.replace('b', [Buffer.from('b')]);
    files.extend('a', 3);
    files.extend('a', 2);
    expect([files.size('a'), files.size('b'), files.size('c')]).toEqual([3, 1, undefined]);
    files.exchange('a', 'b');
    expect([read('a'), read('b')]).toEqual(['b', 'a\0\0']);
    files.setAside('a', 'c');
    files.setAside('a', 'c');
    expect([files.list().toSorted(), read('c')]).toEqual([['b', 'c'], 'b']);
    files.exchange('b', 'new'); // nothing to take in exchange
    expect(files.list().toSorted()).toEqual(['c', 'new']);
  });

  it('leave nothing behind when the folder is gone, and say why', () => {
    const nowhere = openStateFiles(join(folder, 'nowhere'));
    expect(() => nowhere.replace('a', [])).toThrow(expect.objectContaining({ code: 'state', errno: errno.ENOENT }));
  });

  it('are set aside when they can not be believed', () => {
    for (const n of [1, 2, 3]) {
      writeFileSync(join(folder, 'filter.table'), `garbage ${n}`);
      expect(readBelieved(files, silent, 'filter.table', (bytes) => decodeTable('filter', bytes))).toBeUndefined();
    }
    expect(readdirSync(folder).sort()).toEqual([1, 2, 3].map((n) => `filter.table.corrupt-${n}`));
    for (let n = 0; n < 20; n++) {
      writeFileSync(join(folder, 'filter.table'), 'garbage');
      readBelieved(files, silent, 'filter.table', (bytes) => decodeTable('filter', bytes));
    }
    expect(readdirSync(folder)).toHaveLength(8);
  });
});

describe('what they hold', () => {
  it.each([
    ['asked for', table],
    ['put back by the driver', { ...table, asker: undefined }],
  ])('a table %s', (_name, stored) => {
    const read = decodeTable('filter', joined(encodeTable(stored)));
    expect({ ...read, entries: Buffer.from(read.entries) }).toEqual(stored);
    expect(() => decodeTable('nat', joined(encodeTable(stored)))).toThrow('holds table filter');
  });

  it('counters, in a file of a known size', () => {
    const book = freshBook(3);
    book.base[0] = 2n ** 64n - 1n;
    book.seen[5] = 7n;
    const bytes = joined(encodeCounters({ instance: 'ab', generation: 2, revision: 5, book }));
    expect(bytes.length).toBe(countersFileSize(3));
    expect(decodeCounters(bytes)).toEqual({ instance: 'ab', generation: 2, revision: 5, book });
  });

  it('a journal: begun, half ended, ended', () => {
    const entry: JournalEntry = { ...prepared, action: 'replace' };
    const read = () => decodeJournal(files.read(journalName('aa')) ?? Buffer.alloc(0));
    beginJournal(files, 'aa', entry, 2);
    expect(read()).toEqual(entry);
    const counters = Buffer.alloc(32, 7);
    // Dying between the counters and the header leaves it as it was begun.
    const interrupted = {
      ...files,
      overwrite: (name: string, at: number, parts: readonly Uint8Array[]) =>
        void (at > 0 && files.overwrite(name, at, parts)),
    };
    endJournal(interrupted, 'aa', { ...entry, state: 'done', counters });
    expect(read()).toEqual(entry);
    endJournal(files, 'aa', { ...entry, state: 'done', counters });
    expect(read()).toEqual({ ...entry, state: 'done', counters });
    expect([journalName('0a'), 'journal-x', 'tables'].map(clientOfJournal)).toEqual(['0a', undefined, undefined]);
  });

  it('a journal, in the room that the one before it left', () => {
    const entry: JournalEntry = { ...prepared, action: 'add' };
    const inode = (name: string) => statSync(join(folder, name)).ino;
    putJournal(files, 'aa', entry);
    const room = inode(journalName('aa'));
    dropJournal(files, 'aa');
    dropJournal(files, 'aa');
    expect(readdirSync(folder)).toEqual(['spare-journal']);
    putJournal(files, 'bb', { ...entry, makes: 5 });
    expect(readdirSync(folder)).toEqual([journalName('bb')]);
    expect(inode(journalName('bb'))).toBe(room);
    expect(decodeJournal(files.read(journalName('bb')) ?? Buffer.alloc(0))).toEqual({ ...entry, makes: 5 });
  });

  it('the order of tables', () => {
    expect(decodeOrder(joined(encodeOrder(['nat', 'filter'])))).toEqual(['nat', 'filter']);
    expect(decodeOrder(joined(encodeOrder([])))).toEqual([]);
  });

  it('which request it was: words without the replay bit, which one it is, and what they pointed at', () => {
    const words = Buffer.alloc(24, 0x11);
    const again = Buffer.from(words);
    again.writeUInt32LE((words.readUInt32LE(16) | 0x80000000) >>> 0, 16);
    const payload = Buffer.from('blob');
    const id = requestId(words, 1n, payload);
    expect(sameRequest(id, requestId(again, 1n, payload.subarray(0, 2), payload.subarray(2)))).toBe(true);
    expect(sameRequest(id, requestId(words, 1n, Buffer.from('blub')))).toBe(false);
    expect(sameRequest(id, requestId(Buffer.alloc(24, 0x12), 1n, payload))).toBe(false);
    expect(sameRequest(id, requestId(words, 2n, payload))).toBe(false);
  });
});

describe('the epoch', () => {
  it('is seen by every driver, and counts past its end', () => {
    const path = join(folder, 'epoch');
    const [one, other] = [openEpoch(path), openEpoch(path)];
    one.refresh();
    expect([...one.now]).toEqual(Array.from({ length: 16 }, () => 0));
    one.bump(3);
    other.refresh();
    expect(other.now[3]).toBe(1);
    other.bump(15);
    one.refresh();
    expect([one.now[3], one.now[15]]).toEqual([1, 1]);
    writeFileSync(path, Buffer.alloc(64, 0xff));
    one.refresh();
    expect(one.bump(0)).toBe(0);
    expect(existsSync(path)).toBe(true);
    one.close();
    other.close();
  });
});
