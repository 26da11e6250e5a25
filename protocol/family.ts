import {
  IPT_SO_GET_ENTRIES,
  IPT_SO_GET_INFO,
  IPT_SO_GET_REVISION_MATCH,
  IPT_SO_GET_REVISION_TARGET,
  IPT_SO_SET_ADD_COUNTERS,
  IPT_SO_SET_REPLACE,
  type IptIp,
  ipt_entry,
  ipt_get_entries,
  ipt_getinfo,
  ipt_ip,
  ipt_replace,
} from './ip-tables.ts';
import type { Struct, ValueOf } from './struct.ts';
import { type HookName, type HookNumber, hooks, type XtCounters } from './x-tables.ts';

/** The tables, in the order in which people name them. */
export const tableNames = ['filter', 'nat', 'mangle', 'raw', 'security'] as const;
export type TableName = (typeof tableNames)[number];

/** What nftables calls an address family. */
export type NftFamily = 'ip' | 'ip6';
export type NftChainType = 'filter' | 'nat' | 'route';
export type NftHook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** A built-in chain: where the kernel calls it, and what nftables calls that. */
export interface HookChain {
  readonly name: HookName;
  readonly hook: HookNumber;
  readonly nft: { readonly type: NftChainType; readonly hook: NftHook; readonly priority: number };
}

export interface TableDescription {
  readonly name: TableName;
  /** Bit mask of 1 << hook. */
  readonly validHooks: number;
  /** In hook order, as in the blob of a fresh table. */
  readonly chains: readonly HookChain[];
}

/** What stands behind the header match in every family's entry. */
export interface EntryFields {
  readonly nfcache: number;
  readonly target_offset: number;
  readonly next_offset: number;
  readonly comefrom: number;
  readonly counters: XtCounters;
}

/** Everything in which one address family differs from another: nothing else asks which family it is. */
export interface AddressFamily<Header = unknown> {
  readonly name: 'ipv4' | 'ipv6';
  /** Socket option level. */
  readonly level: number;
  /** NFPROTO_*. */
  readonly nfproto: number;
  readonly set: { readonly replace: number; readonly addCounters: number };
  readonly get: {
    readonly info: number;
    readonly entries: number;
    readonly revisionMatch: number;
    readonly revisionTarget: number;
  };
  /** Where the kernel lists the tables in use. */
  readonly namesFile: string;
  readonly nft: NftFamily;
  readonly getinfo: Struct<ValueOf<typeof ipt_getinfo>>;
  readonly getEntries: Struct<ValueOf<typeof ipt_get_entries>>;
  readonly replace: Struct<ValueOf<typeof ipt_replace>>;
  readonly entry: Struct<EntryFields>;
  readonly header: Struct<Header>;
  readonly tables: Readonly<Record<TableName, TableDescription>>;
}

const nftHooks: Readonly<Record<HookName, NftHook>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

function table(
  name: TableName,
  names: readonly HookName[],
  place: (hook: HookName) => { readonly type: NftChainType; readonly priority: number },
): TableDescription {
  return {
    name,
    validHooks: names.reduce((mask, hook) => mask | (1 << hooks[hook]), 0),
    chains: names.map((hook) => ({ name: hook, hook: hooks[hook], nft: { ...place(hook), hook: nftHooks[hook] } })),
  };
}

const everyHook = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
const localHooks = ['INPUT', 'FORWARD', 'OUTPUT'] as const;

/**
 * The tables of net/ipv4/netfilter/iptable_*.c with the priorities of enum nf_ip_hook_priorities
 * (linux/netfilter_ipv4.h; enum nf_ip6_hook_priorities has the same numbers for them).
 */
const tables: Readonly<Record<TableName, TableDescription>> = {
  filter: table('filter', localHooks, () => ({ type: 'filter', priority: 0 })),
  // Destinations change before the packet is routed and filtered, sources after.
  nat: table('nat', ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'], (hook) => ({
    type: 'nat',
    priority: hook === 'PREROUTING' || hook === 'OUTPUT' ? -100 : 100,
  })),
  // A packet that OUTPUT changed (addresses, mark, TOS) is routed anew: ipt_mangle_out, nft's type route.
  mangle: table('mangle', everyHook, (hook) => ({ type: hook === 'OUTPUT' ? 'route' : 'filter', priority: -150 })),
  raw: table('raw', ['PREROUTING', 'OUTPUT'], () => ({ type: 'filter', priority: -300 })),
  security: table('security', localHooks, () => ({ type: 'filter', priority: 50 })),
};

export const ipv4 = {
  name: 'ipv4',
  level: 0,
  nfproto: 2,
  set: { replace: IPT_SO_SET_REPLACE, addCounters: IPT_SO_SET_ADD_COUNTERS },
  get: {
    info: IPT_SO_GET_INFO,
    entries: IPT_SO_GET_ENTRIES,
    revisionMatch: IPT_SO_GET_REVISION_MATCH,
    revisionTarget: IPT_SO_GET_REVISION_TARGET,
  },
  namesFile: '/proc/net/ip_tables_names',
  nft: 'ip',
  getinfo: ipt_getinfo,
  getEntries: ipt_get_entries,
  replace: ipt_replace,
  entry: ipt_entry,
  header: ipt_ip,
  tables,
} as const satisfies AddressFamily<IptIp>;

/** The families that are served. */
export const families: readonly AddressFamily[] = [ipv4];

/** The family of a socket option level; undefined when it is none of ours. */
export function familyOfLevel(level: number): AddressFamily | undefined {
  return families.find((family) => family.level === level);
}

/** Whether a name is one of a table. */
export function isTableName(name: string): name is TableName {
  return (tableNames as readonly string[]).includes(name);
}
