import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { emptyView } from '../../rules/blob/empty.ts';
import type { DriverContext } from '../context.ts';
import { openStateFiles } from '../store/files.ts';
import { findTable, type TableId } from '../table-id.ts';
import { HandleBook } from './handle-book.ts';
import { forgetHandles, noteHandles, recallHandles } from './handle-store.ts';
import type { InForce } from './translator.ts';

const id = findTable(ipv4, 'filter') as TableId;
let folder: string;
let context: DriverContext;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bpfilter-handles-'));
  const ignored = () => {};
  const log = { info: ignored, warning: ignored, error: ignored };
  // no other part of it is touched
  context = { files: openStateFiles(folder), log } as Partial<DriverContext> as DriverContext;
});
afterEach(() => rmSync(folder, { recursive: true }));

function inForce(nextId: number, instance = 'ab'): InForce {
  const view = emptyView('filter');
  return { view, version: { instance, generation: 1 }, nftTable: 't', ids: new Uint32Array(), nextId };
}

/** Three tables, one after the other: ids 1 to 3, 4 (two rules) and 5 (none) more, 2 less. */
function threeTables() {
  const book = new HandleBook(0);
  const tables = [inForce(4), inForce(6), inForce(6)] as const;
  book.follow({ ids: [1, 2, 3], handles: [11, 12, 13] }, [], 4);
  noteHandles(context, id, { from: undefined, to: tables[0], book });
  book.follow({ ids: [4, 4], handles: [21, 22] }, [], 6);
  noteHandles(context, id, { from: tables[0], to: tables[1], book });
  book.follow({ ids: [], handles: [] }, [2], 6);
  noteHandles(context, id, { from: tables[1], to: tables[2], book });
  return { book, tables };
}

describe('handles on disk', () => {
  it('are those of all changes', () => {
    threeTables();
    expect([...(recallHandles(context, id, inForce(6)) ?? [])]).toEqual([
      [1, [11]],
      [2, [12]],
      [3, [13]],
      [4, [21, 22]],
    ]);
  });

  it.each([
    ['another life of the table', inForce(6, 'cd')],
    ['a change that was not noted', inForce(7)],
    ['a change that never took effect', inForce(4)],
  ])('tell nothing of %s', (_, table) => {
    threeTables();
    expect(recallHandles(context, id, table)).toBeUndefined();
  });

  it('torn at any byte tell what is whole, or nothing', () => {
    threeTables();
    const path = join(folder, 'filter.handles');
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(recallHandles(context, id, inForce(6)), `${length} bytes`).toBeUndefined();
    }
  });

  it('go on behind what was recalled, also behind a torn record', () => {
    const { book } = threeTables();
    const path = join(folder, 'filter.handles');
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(500, 7)]));
    const from = inForce(6);
    recallHandles(context, id, from);
    book.follow({ ids: [6], handles: [31] }, [], 7);
    noteHandles(context, id, { from, to: inForce(7), book });
    expect(recallHandles(context, id, inForce(7))?.get(6)).toEqual([31]);
  });

  it('are written anew where another driver was in between, and dropped where they are not known', () => {
    const { book, tables } = threeTables();
    book.follow({ ids: [6], handles: [31] }, [], 7);
    noteHandles(context, id, { from: inForce(6), to: inForce(7), book });
    expect(recallHandles(context, id, inForce(7))?.get(2)).toBeUndefined();
    book.follow(undefined, [], 8);
    noteHandles(context, id, { from: tables[2], to: inForce(8), book });
    expect(context.files.list()).toEqual([]);
  });

  it('are forgotten when they were wrong', () => {
    threeTables();
    forgetHandles(context, id);
    expect(recallHandles(context, id, inForce(6))).toBeUndefined();
  });
});
