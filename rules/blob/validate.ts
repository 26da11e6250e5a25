import { BpfilterError } from '../../protocol/error.ts';
import { isTableName } from '../../protocol/family.ts';
import type { TableName } from '../ir.ts';
import { findChains } from './chains.ts';
import { checkExtensions } from './extension-check.ts';
import { FormBook } from './form-book.ts';
import { counterSize } from './layout.ts';
import { maxTableSize, type Replace } from './parse.ts';
import { markSourceChains } from './reach.ts';
import type { Registry } from './registry-interface.ts';
import { type BlobView, createView, inheritKeys } from './view.ts';
import { type WalkedTable, walkEntries } from './walk.ts';
import { malformed } from './where.ts';

/** So many forms are kept even where a table has few entries. */
const FEW_FORMS = 1000;

export interface ValidateOptions {
  readonly registry: Registry;
  /**
   * The table before this one, which was found to be valid. Extensions of entries that have a form which it has, too,
   * reached from the same hooks, aren't checked again, and keys are taken over. What the entries say of counters and of hooks
   * that reach them means nothing, and is set right then, so that what stayed is the same byte by byte.
   */
  readonly previous?: (table: TableName) => BlobView | undefined;
}

/**
 * Every check that the kernel makes of a table before it asks for the number of counters
 * (translate_table and __do_replace, net/ipv4/netfilter/ip_tables.c; net/netfilter/x_tables.c), in
 * its order, so that the errno of a request with several faults is the kernel's; last, what only we
 * refuse. What remains to the caller: `numCounters` must be the number of entries of the table in
 * force (EAGAIN).
 *
 * Time and memory are linear in the bytes. Throws BpfilterError `malformed`, `loop`, `too-large`,
 * `no-such-table`, `no-such-extension`, `no-such-revision`, `extension-check`, `not-expressible`.
 */
export function validateReplace(replace: Replace, options: ValidateOptions): BlobView {
  if (replace.numEntries > maxTableSize / Uint32Array.BYTES_PER_ELEMENT) {
    throw new BpfilterError('too-large', `${replace.numEntries} entries are more than can be`);
  }
  const before = isTableName(replace.name) ? options.previous?.(replace.name) : undefined;
  const book = before && bookOf(before, replace, options.registry);
  const walked = walkEntries(replace, {
    expected: replace.numEntries,
    book: book ?? new FormBook(replace.layout, options.registry),
  });
  const hooks = markSourceChains(walked);
  if (options.previous !== undefined) settleBytes(walked, hooks);
  const view = isTableName(replace.name) ? tryView(replace.name, walked, hooks) : undefined;
  if (before !== undefined && view !== undefined && !(view instanceof BpfilterError)) inheritKeys(view, before);
  for (let index = 0; index < walked.forms.length; index += 1) {
    const [form, from] = [walked.forms[index], hooks[index] ?? 0];
    if (form?.isChecked(from) === true) continue;
    checkExtensions(walked, index, replace.name, from, options.registry);
    form?.setChecked(from);
  }
  checkTable(replace);
  if (view === undefined) throw noSuchTable(replace.name);
  if (view instanceof BpfilterError) throw view;
  return view;
}

/** Counters are 0, and comefrom the hooks that reach the entry, as the kernel has it. */
function settleBytes({ entries, words, offsets, layout }: WalkedTable, hooks: Uint8Array): void {
  if (words.buffer !== entries.buffer) return;
  for (let index = 0; index < offsets.length; index += 1) {
    const start = offsets[index] ?? 0;
    words[(start + layout.comefrom) >>> 2] = hooks[index] ?? 0;
    const at = (start + layout.counters) >>> 2;
    for (let word = at; word < at + counterSize / 4; word += 1) words[word] = 0;
  }
}

/** The view, or why there is none: to be told only after the kernel's own checks. */
function tryView(table: TableName, walked: WalkedTable, hooks: Uint8Array): BlobView | BpfilterError {
  try {
    return createView(table, walked, hooks, findChains(walked));
  } catch (error) {
    if (error instanceof BpfilterError) return error;
    throw error;
  }
}

/** The forms of the table before this one, unless most of them are no longer used. */
function bookOf(before: BlobView, { layout, numEntries }: Replace, registry: Registry): FormBook | undefined {
  const { book } = before;
  return book.fits(layout, registry) && book.size <= 2 * numEntries + FEW_FORMS ? book : undefined;
}

/** The start of __do_replace: room for the counters, the table, its hooks. */
function checkTable({ layout, name, numCounters, validHooks }: Replace): void {
  if (numCounters * counterSize > maxTableSize) {
    throw new BpfilterError('too-large', `room for ${numCounters} counters is more than can be`);
  }
  if (!isTableName(name)) throw noSuchTable(name);
  const wanted = layout.family.tables[name].validHooks;
  if (validHooks !== wanted)
    throw malformed(`valid_hooks 0x${wanted.toString(16)} expected for ${name}, found 0x${validHooks.toString(16)}`);
}

function noSuchTable(name: string): BpfilterError {
  return new BpfilterError('no-such-table', `no table ${JSON.stringify(name)}`);
}
