import { BpfilterError } from '../../protocol/error.ts';
import { littleEndian } from '../../protocol/field.ts';
import { IPT_F_GOTO } from '../../protocol/ip-tables.ts';
import {
  verdicts,
  XT_ERROR_TARGET,
  XT_FUNCTION_MAXNAMELEN,
  xt_counters,
  xt_entry_match,
  xt_error_target,
  xt_standard_target,
  xtAlign,
} from '../../protocol/x-tables.ts';
import type { Chain, Counters, HeaderMatch, HookNumber, MatchUse, Rule, Table, TargetUse } from '../ir.ts';
import { type BlobLayout, errorTargetSize, extensionHeader, ipv4Layout, standardTargetSize } from './layout.ts';
import { perHook } from './per-hook.ts';
import type { HookPoints } from './view.ts';
import { malformed } from './where.ts';

/** A table as libiptc lays it out, ready for a replace. */
export interface EncodedTable extends HookPoints {
  readonly table: Table['name'];
  readonly layout: BlobLayout;
  readonly validHooks: number;
  readonly numEntries: number;
  readonly entries: Uint8Array;
}

const noCounters: Counters = { packets: 0n, bytes: 0n };
const verdictOf = {
  accept: verdicts.ACCEPT,
  drop: verdicts.DROP,
  queue: verdicts.QUEUE,
  return: verdicts.RETURN,
} as const;

/**
 * Lays a table out as libiptc does (libiptc/libiptc.c, iptcc_compile_table): chains as they stand in
 * `table`, which must be built-in chains in hook order, then user chains; each user chain behind a
 * head that names it; the ERROR entry last. Rules' `index` and `headIndex` play no part. Throws
 * `malformed` for a jump to a chain that isn't there, a rule of more than 65535 bytes, a value that
 * doesn't fit its field.
 */
export function encodeTable(table: Table, layout: BlobLayout = ipv4Layout): EncodedTable {
  const starts = chainStarts(table, layout);
  const parts: Uint8Array[] = [];
  let size = 0;
  const put = (entry: Uint8Array): number => {
    const at = size;
    parts.push(entry);
    size += entry.length;
    return at;
  };
  const hookEntry: [HookNumber, number][] = [];
  const underflow: [HookNumber, number][] = [];
  for (const chain of table.chains) {
    if (chain.kind === 'user') put(encodeHead(chain.name, layout));
    else hookEntry.push([chain.hook, size]);
    for (const rule of chain.rules) put(encodeRule(rule, size, starts, layout));
    const last = put(encodeRule(lastOf(chain), size, starts, layout));
    if (chain.kind === 'builtin') underflow.push([chain.hook, last]);
  }
  put(encodeHead(XT_ERROR_TARGET, layout));
  return {
    table: table.name,
    layout,
    validHooks: layout.family.tables[table.name].validHooks,
    numEntries: parts.length,
    entries: Uint8Array.from(Buffer.concat(parts)),
    hookEntry: perHook(hookEntry),
    underflow: perHook(underflow),
  };
}

/**
 * The argument of SET_REPLACE. `numCounters`: entries of the table that is replaced; `counters`: the
 * caller's address for its counters.
 */
export function encodeReplace(
  encoded: EncodedTable,
  old: { readonly numCounters: number; readonly counters: bigint },
): Uint8Array {
  const struct = encoded.layout.family.replace;
  const bytes = new Uint8Array(struct.size + encoded.entries.length);
  struct.write(
    {
      name: encoded.table,
      valid_hooks: encoded.validHooks,
      num_entries: encoded.numEntries,
      size: encoded.entries.length,
      hook_entry: encoded.hookEntry,
      underflow: encoded.underflow,
      num_counters: old.numCounters,
      counters: old.counters,
    },
    bytes,
  );
  bytes.set(encoded.entries, struct.size);
  return bytes;
}

function lastOf(chain: Chain): Rule {
  return chain.kind === 'builtin' ? chain.policy : chain.tail;
}

/** Offset of each user chain's first rule. */
function chainStarts(table: Table, layout: BlobLayout): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  const headSize = layout.entry + errorTargetSize;
  let at = 0;
  for (const chain of table.chains) {
    if (chain.kind === 'user') {
      at += headSize;
      starts.set(chain.name, at);
    }
    for (const rule of chain.rules) at += ruleSize(rule, layout);
    at += ruleSize(lastOf(chain), layout);
  }
  return starts;
}

function ruleSize({ matches, target }: Rule, layout: BlobLayout): number {
  const targetSize = target.kind === 'extension' ? extensionSize(target) : standardTargetSize;
  return layout.entry + matches.reduce((sum, match) => sum + extensionSize(match), 0) + targetSize;
}

/** Data that wasn't padded is padded here: the kernel wants every match and target aligned. */
function extensionSize({ data }: { readonly data: Uint8Array }): number {
  return extensionHeader + xtAlign(data.length);
}

function encodeRule(rule: Rule, at: number, starts: ReadonlyMap<string, number>, layout: BlobLayout): Uint8Array {
  const size = ruleSize(rule, layout);
  const entry = new Uint8Array(size);
  let position = layout.entry;
  for (const match of rule.matches) {
    writeExtension(match, entry, position);
    position += extensionSize(match);
  }
  writeEntry(layout, entry, headerOf(layout, rule), position, rule.counters);
  if (rule.target.kind === 'extension') writeExtension(rule.target, entry, position);
  else {
    const target = { target_size: standardTargetSize, name: '', revision: 0 };
    xt_standard_target.write({ target, verdict: verdict(rule.target, at + size, starts) }, entry, position);
  }
  return entry;
}

function verdict(
  target: Exclude<TargetUse, { kind: 'extension' }>,
  next: number,
  starts: ReadonlyMap<string, number>,
): number {
  if (target.kind === 'continue') return next;
  if (target.kind !== 'jump' && target.kind !== 'goto') return verdictOf[target.kind];
  const start = starts.get(target.chain);
  if (start === undefined)
    throw new BpfilterError('malformed', `${target.kind} to chain ${target.chain}, which isn't there`);
  return start;
}

/** The rule's header; whether a jump is a goto stands in its flags. */
function headerOf(layout: BlobLayout, { header, target }: Rule): Uint8Array {
  if (target.kind === 'goto') return layout.encodeHeader({ ...header, flags: header.flags | IPT_F_GOTO });
  if (target.kind === 'jump') return layout.encodeHeader({ ...header, flags: header.flags & ~IPT_F_GOTO });
  return layout.encodeHeader(header);
}

function writeEntry(
  layout: BlobLayout,
  entry: Uint8Array,
  header: Uint8Array,
  targetOffset: number,
  counters: Counters,
): void {
  if (entry.length > 0xffff) throw malformed(`a rule of ${entry.length} bytes, 65535 are the most there can be`);
  const view = new DataView(entry.buffer);
  entry.set(header, 0);
  view.setUint16(layout.targetOffset, targetOffset, littleEndian);
  view.setUint16(layout.nextOffset, entry.length, littleEndian);
  xt_counters.write({ pcnt: counters.packets, bcnt: counters.bytes }, entry, layout.counters);
}

function encodeHead(name: string, layout: BlobLayout): Uint8Array {
  if (name.length >= XT_FUNCTION_MAXNAMELEN)
    throw malformed(`chain name ${name}: ${XT_FUNCTION_MAXNAMELEN - 1} bytes are the most there can be`);
  const entry = new Uint8Array(layout.entry + errorTargetSize);
  writeEntry(layout, entry, new Uint8Array(layout.header), layout.entry, noCounters);
  const target = { target_size: errorTargetSize, name: XT_ERROR_TARGET, revision: 0 };
  xt_error_target.write({ target, errorname: name }, entry, layout.entry);
  return entry;
}

function writeExtension(use: MatchUse, entry: Uint8Array, at: number): void {
  const { name, revision, data } = use;
  xt_entry_match.write({ match_size: extensionSize(use), name, revision }, entry, at);
  entry.set(data, at + extensionHeader);
}

/** A header that matches every packet. */
export function anyHeader(layout: BlobLayout = ipv4Layout): HeaderMatch {
  return layout.decodeHeader(new Uint8Array(layout.header), 0);
}
