import { hookNames, verdicts, XT_ALIGNMENT, XT_FUNCTION_MAXNAMELEN, xtAlign } from '../../protocol/x-tables.ts';
import type { HookNumber } from '../ir.ts';
import { BlobBytes } from './blob-bytes.ts';
import type { EntryForm } from './entry-form.ts';
import { FormBook } from './form-book.ts';
import {
  type BlobLayout,
  errorTargetSize,
  extensionHeader,
  smallestEntry,
  standardTargetSize,
  targetData,
} from './layout.ts';
import { hooksOf, type PerHook, perHook } from './per-hook.ts';
import { malformed, where } from './where.ts';

/** The entries of a table and where its hooks are said to be. */
export interface RawTable {
  readonly layout: BlobLayout;
  readonly entries: Uint8Array;
  readonly validHooks: number;
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
}

/** A table whose entries were each found whole. */
export interface WalkedTable extends RawTable {
  readonly blob: BlobBytes;
  /** Entry i starts at offsets[i]. */
  readonly offsets: Uint32Array;
  /** The bytes as words; a copy where they don't begin at one. */
  readonly words: Uint32Array;
  /** By entry. */
  readonly forms: readonly EntryForm[];
  readonly book: FormBook;
  /** Entry i's verdict when its target is the standard one, else 0, which is no verdict. */
  readonly verdicts: Int32Array;
  /** As given; UNSET at hooks that aren't valid. */
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
}

/**
 * Walks the entries from the first to the end and checks each, as check_entry_size_and_hooks and
 * xt_check_entry_offsets do (net/ipv4/netfilter/ip_tables.c, net/netfilter/x_tables.c), then the
 * hooks (xt_check_table_hooks). `expected`: the number of entries there must be; `book`: forms that are known already.
 * Throws `malformed`.
 */
export function walkEntries(
  table: RawTable,
  { expected, book = new FormBook(table.layout) }: WalkOptions = {},
): WalkedTable {
  const { layout, entries } = table;
  const blob = new BlobBytes(entries, layout);
  const words = wordsOf(entries);
  // No more entries fit than this, whatever the caller claims.
  const room = Math.floor(entries.length / smallestEntry(layout));
  const offsets = new Uint32Array(room);
  const found = new Int32Array(room);
  const forms: EntryForm[] = [];
  const valid = hooksOf(table.validHooks);
  const hookEntry = new Map<HookNumber, number>();
  const underflow = new Map<HookNumber, number>();

  let count = 0;
  let form: EntryForm | undefined;
  for (let at = 0; at < entries.length; at += blob.nextOffset(at)) {
    form = book.find(words, blob, at, form);
    const problem =
      (form === undefined ? entryProblem(blob, at) : undefined) ?? underflowProblem(table, valid, blob, at);
    if (problem !== undefined)
      throw malformed(`${where({ ...table, blob, offsets: offsets.subarray(0, count) }, count)}: ${problem}`);
    form ??= book.enter(words, blob, at);
    for (const hook of valid) {
      if (table.hookEntry[hook] === at) hookEntry.set(hook, at);
      if (table.underflow[hook] === at) underflow.set(hook, at);
    }
    offsets[count] = at;
    found[count] = form.verdict < 0 ? 0 : (words[(at >>> 2) + form.verdict] ?? 0);
    forms.push(form);
    count += 1;
  }
  if (expected !== undefined && count !== expected) throw malformed(`${expected} entries expected, found ${count}`);
  checkHooks(table, valid, 'hook entry', table.hookEntry, hookEntry);
  checkHooks(table, valid, 'underflow', table.underflow, underflow);
  return {
    ...table,
    blob,
    words,
    forms,
    book,
    offsets: offsets.slice(0, count),
    verdicts: found.slice(0, count),
    hookEntry: perHook(hookEntry),
    underflow: perHook(underflow),
  };
}

export interface WalkOptions {
  readonly expected?: number;
  readonly book?: FormBook;
}

function wordsOf(entries: Uint8Array): Uint32Array {
  const bytes = entries.byteOffset % 4 === 0 ? entries : Uint8Array.from(entries);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
}

/** What is wrong with the entry at `at` by itself, in the kernel's order; undefined when nothing is. */
function entryProblem(blob: BlobBytes, at: number): string | undefined {
  const { layout, bytes } = blob;
  if (at % XT_ALIGNMENT !== 0) return `starts at byte ${at}, which is no multiple of ${XT_ALIGNMENT}`;
  const left = bytes.length - at;
  if (left <= layout.entry) return `more than ${layout.entry} bytes expected, found ${left}`;
  const next = blob.nextOffset(at);
  if (next > left) return `next_offset ${next} reaches past the end, ${left} bytes on`;
  if (next < layout.entry + targetData)
    return `next_offset of at least ${layout.entry + targetData} expected, found ${next}`;
  return layout.headerProblem(bytes, at) ?? targetProblem(blob, at, next) ?? matchesProblem(blob, at);
}

function targetProblem(blob: BlobBytes, at: number, next: number): string | undefined {
  const { layout } = blob;
  const offset = blob.targetOffset(at);
  if (offset < layout.entry) return `target_offset of at least ${layout.entry} expected, found ${offset}`;
  if (offset + targetData > next) return `target at ${offset} reaches past the entry's end at ${next}`;
  const target = at + offset;
  const size = blob.extensionSize(target);
  if (size < targetData) return `target_size of at least ${targetData} expected, found ${size}`;
  if (offset + size > next) return `target_size ${size} reaches past the entry's end at ${next}`;
  if (blob.isStandard(target)) {
    const end = xtAlign(offset + standardTargetSize);
    if (end !== next) return `next_offset ${end} expected with the standard target, found ${next}`;
    const verdict = blob.verdict(target);
    if (!isVerdict(verdict)) return `verdict ${verdict} is none`;
  } else if (blob.isError(target)) {
    if (size !== errorTargetSize) return `target_size ${errorTargetSize} expected with ERROR, found ${size}`;
    if (blob.errorName(target, XT_FUNCTION_MAXNAMELEN).length === XT_FUNCTION_MAXNAMELEN)
      return 'chain name without its NUL';
  }
  return undefined;
}

/** verdict_ok. */
function isVerdict(verdict: number): boolean {
  return (
    verdict > 0 ||
    verdict === verdicts.ACCEPT ||
    verdict === verdicts.DROP ||
    verdict === verdicts.QUEUE ||
    verdict === verdicts.RETURN
  );
}

/** xt_check_entry_match: the matches lie one behind the other up to the target. */
function matchesProblem(blob: BlobBytes, at: number): string | undefined {
  let position = at + blob.layout.entry;
  let left = blob.targetOffset(at) - blob.layout.entry;
  while (left > 0) {
    if (position % XT_ALIGNMENT !== 0) return `match at ${position - at} is not aligned to ${XT_ALIGNMENT}`;
    if (left < extensionHeader) return `${left} bytes between the matches and the target are no match`;
    const size = blob.extensionSize(position);
    if (size < extensionHeader) return `match_size of at least ${extensionHeader} expected, found ${size}`;
    if (size > left) return `match_size ${size} reaches past the target, ${left} bytes on`;
    left -= size;
    position += size;
  }
  return undefined;
}

/** check_underflow: a policy is an unconditional ACCEPT or DROP. */
function underflowProblem(
  table: RawTable,
  valid: readonly HookNumber[],
  blob: BlobBytes,
  at: number,
): string | undefined {
  for (const hook of valid) {
    if (table.underflow[hook] !== at) continue;
    const target = at + blob.targetOffset(at);
    const verdict = blob.isStandard(target) ? blob.verdict(target) : 0;
    const fits = blob.isUnconditional(at) && (verdict === verdicts.ACCEPT || verdict === verdicts.DROP);
    if (!fits) return `the policy of ${hookNames[hook]} must be ACCEPT or DROP without conditions`;
  }
  return undefined;
}

/** xt_check_table_hooks: each valid hook has its entry, and they ascend. */
function checkHooks(
  table: RawTable,
  valid: readonly HookNumber[],
  what: string,
  given: PerHook,
  found: ReadonlyMap<HookNumber, number>,
): void {
  let previous = -1;
  for (const hook of valid) {
    const at = found.get(hook);
    if (at === undefined)
      throw malformed(
        `${what} of ${hookNames[hook]}: no entry starts at byte ${given[hook]} of ${table.entries.length}`,
      );
    if (at <= previous)
      throw malformed(`${what} of ${hookNames[hook]}: byte ${at} doesn't lie behind the one before, ${previous}`);
    previous = at;
  }
}
