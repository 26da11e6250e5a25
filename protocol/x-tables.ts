import { alignUp, cstring, defineStruct, i32, u8, u16, u32, u64, type ValueOf } from './struct.ts';

/**
 * What all address families share: structures and numbers of linux/netfilter/x_tables.h and
 * linux/netfilter.h.
 */
const header = 'linux/netfilter/x_tables.h';

export const XT_FUNCTION_MAXNAMELEN = 30;
export const XT_EXTENSION_MAXNAMELEN = 29;
export const XT_TABLE_MAXNAMELEN = 32;

/** Name of the standard target (verdicts and jumps). */
export const XT_STANDARD_TARGET = '';
/** Name of the target that heads user chains and ends the table. */
export const XT_ERROR_TARGET = 'ERROR';

/** Alignment of entries, matches and targets in a blob, bytes. */
export const XT_ALIGNMENT = 8;

/** XT_ALIGN: the room that so many bytes take in a blob. */
export function xtAlign(size: number): number {
  return alignUp(size, XT_ALIGNMENT);
}

/** Hook numbers (enum nf_inet_hooks), the same in every family. */
export const hooks = { PREROUTING: 0, INPUT: 1, FORWARD: 2, OUTPUT: 3, POSTROUTING: 4 } as const;

export type HookName = keyof typeof hooks;
export type HookNumber = (typeof hooks)[HookName];

/** Names of the built-in chains by hook number. */
export const hookNames = [
  'PREROUTING',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
] as const satisfies readonly HookName[];

export const NF_INET_NUMHOOKS = hookNames.length;

/**
 * Verdicts of the standard target: −1 − NF_DROP, −1 − NF_ACCEPT, −1 − NF_QUEUE, XT_RETURN. Above 0
 * it is the offset of the entry jumped to; the kernel refuses the rest (verdict_ok in
 * net/netfilter/x_tables.c).
 */
export const verdicts = { DROP: -1, ACCEPT: -2, QUEUE: -4, RETURN: -5 } as const;

export type VerdictName = keyof typeof verdicts;

/** Packets and bytes. */
export const xt_counters = defineStruct('xt_counters', header, { pcnt: u64, bcnt: u64 });

/** Argument of ADD_COUNTERS without its counters, which start at `size`. */
export const xt_counters_info = defineStruct(
  'xt_counters_info',
  header,
  { name: cstring(XT_TABLE_MAXNAMELEN), num_counters: u32 },
  { align: xt_counters.align },
);

/** Argument of both revision queries. */
export const xt_get_revision = defineStruct('xt_get_revision', header, {
  name: cstring(XT_EXTENSION_MAXNAMELEN),
  revision: u8,
});

// Both are unions with a kernel pointer, hence their alignment.
/** Stands before a match's data; `match_size` counts both. */
export const xt_entry_match = defineStruct(
  'xt_entry_match',
  header,
  { match_size: u16, name: cstring(XT_EXTENSION_MAXNAMELEN), revision: u8 },
  { align: 8 },
);

/** Stands before a target's data; `target_size` counts both. */
export const xt_entry_target = defineStruct(
  'xt_entry_target',
  header,
  { target_size: u16, name: cstring(XT_EXTENSION_MAXNAMELEN), revision: u8 },
  { align: 8 },
);

export const xt_standard_target = defineStruct('xt_standard_target', header, { target: xt_entry_target, verdict: i32 });

export const xt_error_target = defineStruct('xt_error_target', header, {
  target: xt_entry_target,
  errorname: cstring(XT_FUNCTION_MAXNAMELEN),
});

export type XtCounters = ValueOf<typeof xt_counters>;
