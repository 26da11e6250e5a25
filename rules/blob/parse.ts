import { BpfilterError } from '../../protocol/error.ts';
import { xt_counters } from '../../protocol/x-tables.ts';
import { type BlobLayout, ipv4Layout } from './layout.ts';
import type { PerHook } from './per-hook.ts';
import { malformed } from './where.ts';

const INT_MAX = 0x7fffffff;
/** XT_MAX_TABLE_SIZE (net/netfilter/x_tables.c): no allocation for a table may reach it, bytes. */
export const maxTableSize = 512 * 1024 * 1024;
/** sizeof(struct xt_table_info) (linux/netfilter/x_tables.h), which is allocated with the entries, bytes. */
const tableInfoSize = 64;

/** struct ipt_replace without its entries. */
export interface ReplaceHeader {
  readonly layout: BlobLayout;
  readonly name: string;
  readonly validHooks: number;
  readonly numEntries: number;
  /** Bytes of the entries. */
  readonly size: number;
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
  readonly numCounters: number;
  /** Where the caller wants the old counters, an address in its memory. */
  readonly counters: bigint;
}

/** A whole replace request: not yet believed. */
export interface Replace extends ReplaceHeader {
  /** Exactly `size` bytes; aliases what was parsed. */
  readonly entries: Uint8Array;
}

/**
 * Reads struct ipt_replace, and makes the checks that do_replace (net/ipv4/netfilter/ip_tables.c)
 * makes before it copies the entries, in its order. In: the first bytes of the option and the length
 * the caller gave for it; so a reader of foreign memory knows how much to copy. Throws `malformed`
 * (EINVAL) and `too-large` (ENOMEM).
 */
export function parseReplaceHeader(bytes: Uint8Array, length: number, layout: BlobLayout = ipv4Layout): ReplaceHeader {
  const struct = layout.family.replace;
  if (length < struct.size) throw malformed(`${struct.size} bytes of ${struct.name} expected, found ${length}`);
  const raw = struct.read(bytes);
  if (raw.num_counters >= Math.floor(INT_MAX / xt_counters.size)) {
    throw new BpfilterError('too-large', `room for ${raw.num_counters} counters is more than can be`);
  }
  if (raw.num_counters === 0) throw malformed('room for at least one counter expected, found 0');
  if (length < struct.size + raw.size)
    throw malformed(`${raw.size} bytes of entries expected, found ${length - struct.size}`);
  if (raw.size + tableInfoSize >= maxTableSize)
    throw new BpfilterError('too-large', `${raw.size} bytes of entries are more than can be`);
  return {
    layout,
    // The kernel ends the name itself, whatever stands in its last byte.
    name: raw.name.slice(0, struct.offsets.valid_hooks - 1),
    validHooks: raw.valid_hooks,
    numEntries: raw.num_entries,
    size: raw.size,
    hookEntry: raw.hook_entry,
    underflow: raw.underflow,
    numCounters: raw.num_counters,
    counters: raw.counters,
  };
}

/**
 * The argument of SET_REPLACE: header and entries. More bytes than the header asks for are left
 * alone, as in the kernel. Throws as `parseReplaceHeader`.
 */
export function parseReplace(bytes: Uint8Array, layout: BlobLayout = ipv4Layout): Replace {
  const header = parseReplaceHeader(bytes, bytes.length, layout);
  const start = layout.family.replace.size;
  return { ...header, entries: bytes.subarray(start, start + header.size) };
}
